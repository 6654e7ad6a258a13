"""JUnit XML, which every CI system reads: a suite a table, a case an arm, whose time is the median of one call.

Valid by the schemas of Jenkins' xUnit plugin (``junit-10.xsd``) and of Apache Ant (``windyroad/JUnit-Schema``).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from labkit.measure.result import arm_of
from labkit.reports import against, words
from labkit.reports.ci.findings import past_arms, regressions

RESULTS = {
    "differs": "failure",
    "crashed": "error",
    "timed_out": "error",
    "unavailable": "skipped",
    "too_slow": "skipped",
}


def junit(document: Mapping[str, Any], command: str) -> bytes:
    """The rows of a run, or of a check, as an XML document; earlier code is told with today's, not as a case of its own."""
    root = Element("testsuites")
    past = past_arms(document)
    slower = {(found["stage"], found["workload"], found["variant"]): found for found in regressions(document)}
    suites: dict[tuple[str, str], Element] = {}
    started = document.get("started") or datetime.now(UTC).isoformat()
    host = document.get("machine", {}).get("host") or socket.gethostname() or "localhost"
    for row in document["rows"]:
        stage, workload, arm = row["stage"], row["workload"], arm_of(row)
        if arm in past:
            continue
        if (stage, workload) not in suites:
            suites[stage, workload] = _suite(root, f"{stage} on {workload}", command, started[:19], host)
        case = {"name": arm, "classname": f"{stage}.{workload}", "time": f"{row.get('median_s') or 0:.9f}"}
        made = SubElement(
            suites[stage, workload], "testcase", {key: words.one_line(text) for key, text in case.items()}
        )
        if found := slower.get((stage, workload, arm)):
            _result(made, "failure", "regression", against.regression(found))
        elif kind := RESULTS.get(str(row["status"])):
            _result(made, kind, str(row["status"]), words.outcome(row["status"], words.reason(row)))
    for suite in suites.values():
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(count, str(sum(case.find(kind) is not None for case in cases)))
        suite.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.9f}")
        SubElement(suite, "system-out")
        SubElement(suite, "system-err")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(root: Element, name: str, command: str, started: str, host: str) -> Element:
    facts = {"name": name, "package": command, "id": str(len(root)), "timestamp": started, "hostname": host}
    suite = SubElement(root, "testsuite", {key: words.one_line(text) for key, text in facts.items()})
    SubElement(suite, "properties")
    return suite


def _result(case: Element, kind: str, what: str, message: str) -> None:
    text = words.one_line(message)
    if kind == "skipped":
        SubElement(case, kind, message=text)
    else:
        SubElement(case, kind, type=what, message=text).text = text
