"""The text of the page: sentences about reading, printing and measuring, written for this project."""

from __future__ import annotations

SENTENCES = tuple(
    line.strip()
    for line in """
    A page is never as flat as the person who scans it believes.
    The first line of a column leans a little, and every line below it leans the same way.
    We cut each word out, turn it upright, and hand it to the reader.
    Small crops are quick to fill; what takes time is asking for them one by one.
    Nobody notices the cost of a call until there are fifteen hundred of them.
    Measure first, then write, then measure again.
    Ink spreads, paper yellows, and the lamp of an old scanner hums.
    Between two pixels there is always a third value, and somebody has to choose it.
    In the margin a careful hand had written: «check the corners twice».
    The printer's apprentice set 48 lines before noon and 53 after it.
    Where the sheet curls, straight lines become gentle curves.
    A box that crosses the border is still a box.
    Der Setzer prüft die Zeile, bevor er die nächste beginnt.
    Große Öfen wärmen langsam, kühlen aber auch langsam ab.
    Le papier garde la trace de chaque pli, même légère.
    Où finit la marge, là commence la lecture.
    Η σελίδα είναι λευκή και το μελάνι μαύρο.
    Каждая страница хранит следы своего времени.
    Las letras pequeñas cansan la vista del corrector.
    Threads wait for one another at a narrow gate, politely, and for a long time.
    Eight workers share a table made for four; the ninth brings his own.
    It was measured on a Tuesday, between 9:40 and 9:45, with the windows shut.
    The median of many honest samples beats the best of three.
    If both answers agree, ask whether they were copied.
    An upright letter costs as much as a tilted one once the mapping is known.
    Two sides of a box differ in length; take the longer.
    Numbers such as 3.14, 2,718 and 1/32 look alike from far away.
    Old newspapers were read aloud, so commas mattered.
    Perspective is what remains of depth on a sheet of paper.
    Questions? Write to the desk on the second floor (room 217).
    Keep the page, drop the dust.
    Yesterday's proof hangs beside today's, and the difference is one comma.
    Translation begins long before the first word is understood.
    A crooked photograph of a straight text is still a straight text.
    Quick brown foxes have jumped over enough lazy dogs by now.
    """.strip().splitlines()
)
