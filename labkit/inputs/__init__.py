"""Pictures that workloads are cut from, real and rendered: photographs, drawings, pages, and files of them.

Everything is generated or comes inside scikit-image; nothing is read from the network (sources and licences: data/README.md).
"""
