/* The loop in C, and by hand all that Cython and pybind11 write for you: Python's own C API.
 *
 * The loop is cython_loop's, so the time is too. What this file shows is the rest: arguments are parsed, the global lock
 * is released around the loop, the result becomes an object, and every reference that is taken is given back, on the
 * paths that fail too.
 *
 * gcc 12 keeps a loop with bounds it doesn't know (-O3; seen in the disassembly); clang 22 puts n (n - 1) / 2 in its
 * place, so for it each integer is xored with a 0 that it can't know (see numba_loop and cython_loop).
 *
 * Source: Python documentation, "Extending and Embedding" and "Module Objects: multi-phase initialization" (PEP 489).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#ifdef __clang__
static volatile int64_t nothing = 0;
#else
static const int64_t nothing = 0;
#endif

/* The sum of start … stop - 1; knows nothing of Python, so it may run without the lock. */
static int64_t added(int64_t start, int64_t stop) {
    const int64_t zero = nothing;
    int64_t total = 0;
    for (int64_t i = start; i < stop; i++) total += i ^ zero;
    return total;
}

static PyObject *added_unlocked(long long start, long long stop) {
    int64_t total;
    Py_BEGIN_ALLOW_THREADS
    total = added(start, stop);
    Py_END_ALLOW_THREADS
    return PyLong_FromLongLong(total); /* a new reference, or NULL with MemoryError set: either is the caller's */
}

static PyObject *c_api(PyObject *module, PyObject *args, PyObject *keywords) {
    static char *names[] = {"n", NULL};
    long long n;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "L:c_api", names, &n)) return NULL;
    return added_unlocked(0, n);
}

static PyObject *partial(PyObject *module, PyObject *args, PyObject *keywords) {
    static char *names[] = {"start", "stop", NULL};
    long long start, stop;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "LL:partial", names, &start, &stop)) return NULL;
    return added_unlocked(start, stop);
}

/* Docstrings that begin like this give a C function a signature that inspect.signature() can read. */
PyDoc_STRVAR(c_api_doc,
             "c_api(n)\n--\n\nThe for loop in C through Python's C API, without Cython or pybind11; one thread.");
PyDoc_STRVAR(partial_doc, "partial(start, stop)\n--\n\nThe sum of start … stop - 1, without the GIL.");

static PyMethodDef functions[] = {
    {"c_api", (PyCFunction)(void (*)(void))c_api, METH_VARARGS | METH_KEYWORDS, c_api_doc},
    {"partial", (PyCFunction)(void (*)(void))partial, METH_VARARGS | METH_KEYWORDS, partial_doc},
    {NULL, NULL, 0, NULL},
};

/* labkit.core.variant("cumulative_sum", kind="native", partial=partial)(c_api); -1 with an exception set if that fails. */
static int register_variant(PyObject *module) {
    PyObject *core = NULL, *variant = NULL, *function = NULL, *part = NULL;
    PyObject *args = NULL, *facts = NULL, *decorate = NULL, *decorated = NULL;
    if ((core = PyImport_ImportModule("labkit.core")) == NULL) goto done;
    if ((variant = PyObject_GetAttrString(core, "variant")) == NULL) goto done;
    if ((function = PyObject_GetAttrString(module, "c_api")) == NULL) goto done;
    if ((part = PyObject_GetAttrString(module, "partial")) == NULL) goto done;
    if ((args = Py_BuildValue("(s)", "cumulative_sum")) == NULL) goto done;
    if ((facts = Py_BuildValue("{s:s,s:O}", "kind", "native", "partial", part)) == NULL) goto done;
    if ((decorate = PyObject_Call(variant, args, facts)) == NULL) goto done;
    decorated = PyObject_CallOneArg(decorate, function);
done:;
    const int status = decorated == NULL ? -1 : 0;
    Py_XDECREF(decorated);
    Py_XDECREF(decorate);
    Py_XDECREF(facts);
    Py_XDECREF(args);
    Py_XDECREF(part);
    Py_XDECREF(function);
    Py_XDECREF(variant);
    Py_XDECREF(core);
    return status;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, register_variant}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "c_api",
    .m_doc = "The loop in C, through Python's own C API.",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_c_api(void) { return PyModuleDef_Init(&definition); }
