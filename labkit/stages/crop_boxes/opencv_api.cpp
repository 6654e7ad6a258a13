// pkg-config: opencv4 (opencv_core opencv_imgproc)
//
// The talk's own step: the loop of loop.py as it stands, but in C++. A module on the C APIs of Python and NumPy alone, so
// that every conversion and every reference is in sight; OpenCV's functions write straight into the NumPy arrays.
// What it saves is Python's share: parsing arguments, small arrays, a matrix and a crop that cv2 allocates and hands over.
#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>

#include <numpy/arrayobject.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <exception>
#include <string>
#include <vector>

#include "geometry.hpp"

namespace {

struct Job {
    cv::Point2f corners[4];
    cv::Mat crop;  // over the NumPy array's memory
};

// What one box costs. OpenCV's functions release what they allocate themselves.
void warp(const cv::Mat& page, Job& job) {
    const auto right = static_cast<float>(job.crop.cols - 1), bottom = static_cast<float>(job.crop.rows - 1);
    const cv::Point2f target[] = {{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
    const uchar* const memory = job.crop.data;
    cv::warpPerspective(page, job.crop, cv::getPerspectiveTransform(job.corners, target), job.crop.size());
    if (job.crop.data != memory) CV_Error(cv::Error::StsInternal, "the crop was not written into its NumPy array");
}

// Computes all jobs; the first error's text, or nothing. Runs without the GIL and touches no Python object.
std::string warp_all(const cv::Mat& page, std::vector<Job>& jobs, bool parallel) {
    std::string problem;
    const int count = static_cast<int>(jobs.size());
#pragma omp parallel for schedule(dynamic) if (parallel)
    for (int k = 0; k < count; k++) {
        try {  // an exception must not leave a parallel region
            warp(page, jobs[k]);
        } catch (const std::exception& error) {
#pragma omp critical
            if (problem.empty()) problem = error.what();
        }
    }
    return problem;
}

// Allocates the crops into the list (which owns them from then on) and notes the work; -1 with a Python error set.
int prepare(PyObject* list, const crop::Page& page, const float* corners, std::vector<Job>& jobs) {
    const Py_ssize_t count = PyList_GET_SIZE(list);
    jobs.reserve(static_cast<std::size_t>(count));
    for (Py_ssize_t k = 0; k < count; k++) {
        const float* const box = corners + 8 * k;
        const crop::Size size = crop::size_of(box, page);
        npy_intp shape[] = {size.height, size.width, 3};
        PyObject* const made = PyArray_SimpleNew(3, shape, NPY_UINT8);
        if (!made) return -1;
        PyList_SET_ITEM(list, k, made);  // takes over our reference
        if (!size.width) continue;
        Job job;
        for (int c = 0; c < 4; c++) job.corners[c] = {box[2 * c], box[2 * c + 1]};
        job.crop = cv::Mat(size.height, size.width, CV_8UC3, PyArray_DATA(reinterpret_cast<PyArrayObject*>(made)));
        jobs.push_back(std::move(job));
    }
    return 0;
}

bool is_array(PyArrayObject* array, int type, int dimensions) {
    return PyArray_TYPE(array) == type && PyArray_NDIM(array) == dimensions && PyArray_ISCARRAY_RO(array);
}

PyObject* crop_all(PyObject* args, PyObject* kwargs, const char* format, bool parallel) {
    static const char* names[] = {"page", "boxes", nullptr};
    PyArrayObject *page = nullptr, *boxes = nullptr;  // borrowed: the caller's arguments live until we return
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, const_cast<char**>(names), &PyArray_Type, &page, &PyArray_Type,
                                     &boxes))
        return nullptr;
    if (!is_array(page, NPY_UINT8, 3) || PyArray_DIM(page, 2) != 3 || PyArray_SIZE(page) == 0 ||
        PyArray_DIM(page, 0) > crop::LARGEST || PyArray_DIM(page, 1) > crop::LARGEST) {
        PyErr_SetString(PyExc_ValueError, "page must be uint8 (h, w, 3), C-contiguous, 1 to 32766 rows and columns");
        return nullptr;
    }
    if (!is_array(boxes, NPY_FLOAT32, 3) || PyArray_DIM(boxes, 1) != 4 || PyArray_DIM(boxes, 2) != 2) {
        PyErr_SetString(PyExc_ValueError, "boxes must be float32 (n, 4, 2), C-contiguous");
        return nullptr;
    }
    PyObject* const list = PyList_New(PyArray_DIM(boxes, 0));  // ours; from here on every way out returns or drops it
    if (!list) return nullptr;
    std::string problem;
    try {
        const int height = static_cast<int>(PyArray_DIM(page, 0)), width = static_cast<int>(PyArray_DIM(page, 1));
        const cv::Mat source(height, width, CV_8UC3, PyArray_DATA(page));
        std::vector<Job> jobs;
        if (prepare(list, {source.data, height, width}, static_cast<const float*>(PyArray_DATA(boxes)), jobs) < 0) {
            Py_DECREF(list);  // with the crops made so far
            return nullptr;
        }
        PyThreadState* const state = PyEval_SaveThread();
        problem = warp_all(source, jobs, parallel);
        PyEval_RestoreThread(state);
    } catch (const std::exception& error) {  // no memory for the jobs; the GIL is held
        problem = error.what();
    }
    if (!problem.empty()) {
        Py_DECREF(list);
        PyErr_SetString(PyExc_RuntimeError, problem.c_str());
        return nullptr;
    }
    return list;
}

PyObject* opencv_api(PyObject*, PyObject* args, PyObject* kwargs) {
    return crop_all(args, kwargs, "O!O!:opencv_api", false);
}
PyObject* opencv_api_omp(PyObject*, PyObject* args, PyObject* kwargs) {
    return crop_all(args, kwargs, "O!O!:opencv_api_omp", true);
}

template <PyObject* (*function)(PyObject*, PyObject*, PyObject*)>
PyCFunction keywords() {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"opencv_api", keywords<opencv_api>(), METH_VARARGS | METH_KEYWORDS,
     "opencv_api(page, boxes)\n--\n\nThe loop in C++ over cv::getPerspectiveTransform and cv::warpPerspective."},
    {"opencv_api_omp", keywords<opencv_api_omp>(), METH_VARARGS | METH_KEYWORDS,
     "opencv_api_omp(page, boxes)\n--\n\nThe same loop on all cores: OpenMP over the boxes."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "opencv_api", "crop_boxes by OpenCV's C++ functions.", -1, methods,
                          nullptr, nullptr, nullptr, nullptr};

// variant("crop_boxes", kind="native", partial=...)(function), as in Python; -1 with a Python error set.
int register_variant(PyObject* variant, PyObject* module, const char* name, bool with_partial) {
    PyObject* const function = PyObject_GetAttrString(module, name);
    PyObject* const positional = Py_BuildValue("(s)", "crop_boxes");
    PyObject* const facts = function && with_partial ? Py_BuildValue("{s:s,s:O}", "kind", "native", "partial", function)
                                                     : Py_BuildValue("{s:s}", "kind", "native");
    PyObject* const decorate = function && positional && facts ? PyObject_Call(variant, positional, facts) : nullptr;
    PyObject* const done = decorate ? PyObject_CallFunctionObjArgs(decorate, function, nullptr) : nullptr;
    Py_XDECREF(decorate);
    Py_XDECREF(facts);
    Py_XDECREF(positional);
    Py_XDECREF(function);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

}  // namespace

PyMODINIT_FUNC PyInit_opencv_api() {
    import_array();  // returns nullptr with an error set where NumPy's C API is another
    PyObject* const module = PyModule_Create(&definition);
    if (!module) return nullptr;
    PyObject* const core = PyImport_ImportModule("labkit.core");
    PyObject* const variant = core ? PyObject_GetAttrString(core, "variant") : nullptr;
    const bool good = variant && register_variant(variant, module, "opencv_api", true) == 0 &&
                      register_variant(variant, module, "opencv_api_omp", false) == 0;
    Py_XDECREF(variant);
    Py_XDECREF(core);
    if (!good) {
        Py_DECREF(module);
        return nullptr;
    }
    cv::setNumThreads(1);  // of this module's OpenCV alone (cv2 brings its own): one box is no work for many threads
    return module;
}
