// A function of C++ that Python calls, where a kernel of rows would not do: it reads and makes Python's objects by itself.
//
//     #include "kinds/function.hpp"
//     LABKIT_FUNCTION(native)(PyObject* page, PyObject* boxes) { return labkit::called([&] { ... return made; }); }
//
// in a stage's native.cpp, and function("crop_boxes", "native", "C++.") in the native.py beside it. It is called with the GIL
// (labkit::Unlocked lets go of it), and gives a new reference, or null with an error set, as labkit::called does.
#pragma once

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

#include "rows.hpp"
#include "threads.hpp"

#include <new>
#include <stdexcept>

#define LABKIT_FUNCTION(name) extern "C" __attribute__((visibility("default"))) PyObject* labkit_##name

namespace labkit {

// A Python error is set already.
struct ErrorSet : std::exception {};

inline PyArrayObject* array_of(PyObject* value) { return reinterpret_cast<PyArrayObject*>(value); }

// Raises what Python raises for what no function could read; the contract has refused it long before, with better words.
inline Picture picture(PyObject* image) {
    if (!PyArray_Check(image)) {
        PyErr_SetString(PyExc_TypeError, "image is no numpy array");
        throw ErrorSet();
    }
    PyArrayObject* const array = array_of(image);
    const int dimensions = PyArray_NDIM(array);
    if (PyArray_TYPE(array) != NPY_UINT8 || (dimensions != 2 && dimensions != 3) || !PyArray_IS_C_CONTIGUOUS(array)) {
        PyErr_SetString(PyExc_ValueError, "image is not uint8 (h, w) or (h, w, c), C-contiguous");
        throw ErrorSet();
    }
    const npy_intp* const shape = PyArray_DIMS(array);
    return {static_cast<const u8*>(PyArray_DATA(array)), static_cast<std::size_t>(shape[0]),
            static_cast<std::size_t>(shape[1]), dimensions == 3 ? static_cast<std::size_t>(shape[2]) : 1};
}

// Owns a reference.
class Owned {
   public:
    explicit Owned(PyObject* made) : object_(made) {
        if (!made) throw ErrorSet();
    }
    Owned(Owned&& other) noexcept : object_(other.release()) {}
    ~Owned() { Py_XDECREF(object_); }
    PyObject* get() const { return object_; }
    PyObject* release() {
        PyObject* const given = object_;
        object_ = nullptr;
        return given;
    }

   private:
    PyObject* object_;
};

// A new array, not initialised.
template <int axes>
Owned made(const npy_intp (&shape)[axes], int type) {
    return Owned(PyArray_SimpleNew(axes, shape, type));
}
template <class Element>
Element* elements(const Owned& array) {
    return static_cast<Element*>(PyArray_DATA(array_of(array.get())));
}

// Within its scope other threads of Python run.
class Unlocked {
   public:
    Unlocked() : state_(PyEval_SaveThread()) {}
    ~Unlocked() { PyEval_RestoreThread(state_); }
    Unlocked(const Unlocked&) = delete;

   private:
    PyThreadState* state_;
};

// What a function gives, or null with what it threw as Python's error.
template <class Call>
PyObject* called(const Call& call) {
    static const bool there = _import_array() >= 0;
    if (!there) return nullptr;
    try {
        return call();
    } catch (const ErrorSet&) {
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::invalid_argument& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

}  // namespace labkit
