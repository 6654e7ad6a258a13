/* NumPy arrays whose memory is used again: what one image frees, the next one takes, with its pages already there.

   The C library gives large blocks back to the system when they are freed, and asks for them again: then each page of
   every output is faulted in and cleared anew, while other threads wait for the address space. For 1920x1080 images that
   is a third of the time of a quick kernel, and by chance: it depends on what lies behind the block on the heap.

   A NumPy memory handler (NEP 49, "Data allocation strategies") is set for one context, here an engine's thread or worker;
   arrays made elsewhere are not touched. An array carries its handler along, so it may be freed anywhere and any time. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_TARGET_VERSION NPY_1_22_API_VERSION
#include <numpy/arrayobject.h>
#include <pthread.h>

#define SMALLEST ((size_t)64 << 10)   /* bytes: smaller blocks the C library keeps itself */
#define MOST_BYTES ((size_t)256 << 20) /* kept at a time: forty 1920x1080 images */
#define MOST_BLOCKS 1024

static struct { void *start; size_t size; } kept[MOST_BLOCKS]; /* the one freed last comes last */
static size_t kept_bytes;
static int kept_blocks, holders;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static PyDataMem_Handler *numpys; /* where memory comes from in the first place */

static void enter(void) { pthread_mutex_lock(&lock); }
static void leave(void) { pthread_mutex_unlock(&lock); }

/* Images of about one size share blocks: sizes are rounded up by an eighth at most. Pages never touched cost nothing. */
static size_t rounded(size_t size) {
    size_t step = 4096;
    while (step * 16 <= size) step *= 2;
    return (size + step - 1) & ~(step - 1);
}

static void give_back(int count) { /* the first, which lay unused the longest; under the lock */
    for (int i = 0; i < count; i++) {
        kept_bytes -= kept[i].size;
        numpys->allocator.free(numpys->allocator.ctx, kept[i].start, kept[i].size);
    }
    kept_blocks -= count;
    memmove(kept, kept + count, kept_blocks * sizeof kept[0]);
}

static void *take(void *context, size_t size) {
    if (size < SMALLEST) return numpys->allocator.malloc(numpys->allocator.ctx, size);
    size = rounded(size);
    void *start = NULL;
    enter();
    for (int i = kept_blocks - 1; i >= 0 && !start; i--)
        if (kept[i].size == size) {
            start = kept[i].start;
            kept_bytes -= size;
            memmove(kept + i, kept + i + 1, (--kept_blocks - i) * sizeof kept[0]);
        }
    leave();
    return start ? start : numpys->allocator.malloc(numpys->allocator.ctx, size);
}

static void keep(void *context, void *start, size_t size) {
    if (!start) return;
    if (size >= SMALLEST) {
        size = rounded(size);
        enter();
        if (holders && size <= MOST_BYTES) {
            int old = kept_blocks == MOST_BLOCKS;
            size_t left = kept_bytes - (old ? kept[0].size : 0);
            for (; left + size > MOST_BYTES; old++) left -= kept[old].size;
            give_back(old);
            kept[kept_blocks].start = start;
            kept[kept_blocks++].size = size;
            kept_bytes += size;
            start = NULL;
        }
        leave();
    }
    if (start) numpys->allocator.free(numpys->allocator.ctx, start, size);
}

static void *take_cleared(void *context, size_t count, size_t each) {
    /* Fresh pages come cleared, when they are touched: that is cheaper than to clear used ones. Rounded like the others. */
    size_t size = count * each;
    return size < SMALLEST ? numpys->allocator.calloc(numpys->allocator.ctx, count, each)
                           : numpys->allocator.calloc(numpys->allocator.ctx, rounded(size), 1);
}

static void *resize(void *context, void *start, size_t size) {
    return numpys->allocator.realloc(numpys->allocator.ctx, start, size < SMALLEST ? size : rounded(size));
}

static PyDataMem_Handler handler = {"labkit_recycling", 1, {NULL, take, take_cleared, resize, keep}};
static PyObject *capsule;

static PyObject *use(PyObject *module, PyObject *on) {
    int yes = PyObject_IsTrue(on);
    if (yes < 0) return NULL;
    PyObject *before = PyDataMem_SetHandler(yes ? capsule : PyDataMem_DefaultHandler);
    if (!before) return NULL;
    Py_DECREF(before);
    Py_RETURN_NONE;
}

static PyObject *hold(PyObject *module, PyObject *unused) {
    enter();
    holders++;
    leave();
    Py_RETURN_NONE;
}

static PyObject *release(PyObject *module, PyObject *unused) {
    enter();
    if (holders && !--holders) give_back(kept_blocks);
    leave();
    Py_RETURN_NONE;
}

static PyObject *bytes_kept(PyObject *module, PyObject *unused) { return PyLong_FromSize_t(kept_bytes); }

static PyMethodDef methods[] = {
    {"use", use, METH_O, "use(on): whether arrays made in this context (a thread, unless told otherwise) use memory again."},
    {"hold", hold, METH_NOARGS, "hold(): keep freed memory from now on, until release() was called as often."},
    {"release", release, METH_NOARGS, "release(): the last one gives everything that is kept back."},
    {"bytes_kept", bytes_kept, METH_NOARGS, "bytes_kept(): bytes of freed arrays that wait for the next."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "recycling", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_recycling(void) {
    import_array();
    numpys = PyCapsule_GetPointer(PyDataMem_DefaultHandler, "mem_handler");
    if (!numpys) return NULL;
    capsule = PyCapsule_New(&handler, "mem_handler", NULL);
    if (!capsule || pthread_atfork(enter, leave, leave)) return NULL;
    return PyModule_Create(&module);
}
