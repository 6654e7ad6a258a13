// Calls the kernels of rows.hpp: reads their inputs, makes the output, lets go of the GIL, hands bands of rows to threads.
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include "kinds/rows.hpp"

#include "kinds/threads.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <numpy/arrayobject.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {

constexpr std::size_t MOST_INPUTS = 8;

// What a kernel needs besides its inputs; made once, by labkit/kinds/native.py.
struct Caller {
    labkit::Kernel kernel;
    std::vector<std::string> names;  // of the arrays, which come first
    std::vector<int> types;          // their numbers of NumPy's, -1 for any
    std::vector<py::object> codes;   // of the parameters behind them: a dictionary of what is no number, or None
    py::object output;               // "same", "grey", or a function of the inputs
    std::size_t worth;               // bytes of input for which it pays to wake a thread
    bool threaded, whole;            // on all cores; all rows at once, on threads of the kernel's own
    std::size_t axis;                // of the output, that is cut into bands

    enum class Form { same, grey, made } form = Form::made;

    Caller(std::uintptr_t address, std::vector<std::string> names_, std::vector<int> types_, std::vector<py::object> codes_,
           py::object output_, std::size_t worth_, bool threaded_, bool whole_, std::size_t axis_)
        : kernel(reinterpret_cast<labkit::Kernel>(address)), names(std::move(names_)), types(std::move(types_)),
          codes(std::move(codes_)), output(std::move(output_)), worth(worth_), threaded(threaded_), whole(whole_), axis(axis_) {
        if (names.size() + codes.size() > MOST_INPUTS) throw py::value_error("a kernel takes at most 8 inputs");
        if (py::isinstance<py::str>(output)) form = output.cast<std::string>() == "grey" ? Form::grey : Form::same;
    }

    py::object operator()(const py::args& inputs) const {
        if (inputs.size() != names.size() + codes.size())
            throw py::type_error("it takes " + std::to_string(names.size() + codes.size()) + " inputs");
        labkit::Picture pictures[MOST_INPUTS];
        std::vector<double> parameters;
        std::size_t bytes = 0;
        for (std::size_t k = 0; k < names.size(); k++) {
            pictures[k] = read(inputs[k].ptr(), names[k], types[k]);
            bytes += pictures[k].end() - pictures[k].data;
        }
        for (std::size_t k = 0; k < codes.size(); k++) {
            const py::object value = inputs[names.size() + k];
            if (!PyTuple_Check(value.ptr()))
                parameters.push_back(number(value, codes[k]));
            else
                for (const py::handle& one : py::reinterpret_borrow<py::tuple>(value)) parameters.push_back(number(one, codes[k]));
        }
        const py::object made = make(inputs);
        auto* const array = reinterpret_cast<PyArrayObject*>(made.ptr());
        const labkit::Picture whole_output = shape_of(array);
        const std::size_t bands = PyArray_NDIM(array) > static_cast<int>(axis) ? PyArray_DIM(array, axis) : 1;
        labkit::Rows rows{static_cast<labkit::u8*>(PyArray_DATA(array)), whole_output.height, whole_output.width,
                          whole_output.channels, whole_output.item, whole_output.stride(), 0, bands, 1};
        run({pictures, parameters.data()}, rows, bytes);
        return made;
    }

   private:
    static labkit::Picture shape_of(PyArrayObject* array) {
        const int axes = PyArray_NDIM(array);
        const npy_intp* const shape = PyArray_DIMS(array);
        std::size_t channels = 1;
        for (int k = 2; k < axes; k++) channels *= shape[k];
        return {static_cast<const labkit::u8*>(PyArray_DATA(array)), static_cast<std::size_t>(axes > 0 ? shape[0] : 1),
                static_cast<std::size_t>(axes > 1 ? shape[1] : 1), channels, static_cast<std::size_t>(PyArray_ITEMSIZE(array))};
    }

    // Raises what Python raises for what no kernel could read; the contract has refused it long before, with better words.
    static labkit::Picture read(PyObject* value, const std::string& name, int type) {
        if (!PyArray_Check(value)) throw py::type_error(name + " is no numpy array");
        auto* const array = reinterpret_cast<PyArrayObject*>(value);
        const bool picture = type != NPY_UINT8 || PyArray_NDIM(array) == 2 || PyArray_NDIM(array) == 3;
        if (!picture || (type >= 0 && PyArray_TYPE(array) != type) || !PyArray_IS_C_CONTIGUOUS(array))
            throw py::value_error(name + " is not what the stage takes: another dtype or shape, or not C-contiguous");
        return shape_of(array);
    }

    static double number(const py::handle& value, const py::object& codes) {
        const py::handle given = codes.is_none() ? value : py::handle(PyDict_GetItemWithError(codes.ptr(), value.ptr()));
        if (!given) throw py::value_error("not among what the stage takes: " + py::repr(value).cast<std::string>());
        const double found = PyFloat_AsDouble(given.ptr());
        if (found == -1 && PyErr_Occurred()) throw py::error_already_set();
        return found;
    }

    py::object make(const py::args& inputs) const {
        if (form == Form::made) return output(*inputs);
        auto* const first = reinterpret_cast<PyArrayObject*>(inputs[0].ptr());
        PyObject* const made = PyArray_SimpleNew(form == Form::grey ? 2 : PyArray_NDIM(first), PyArray_DIMS(first), NPY_UINT8);
        if (!made) throw py::error_already_set();
        return py::reinterpret_steal<py::object>(made);
    }

    void run(const labkit::Inputs& in, labkit::Rows rows, std::size_t bytes) const {
        const py::gil_scoped_release unlocked;
        const std::size_t all = rows.end;
        const int threads = threaded ? labkit::threads_for(bytes, worth, all) : 1;
        if (threads == 1 || whole) {
            rows.threads = threads;
            kernel(in, rows);
            return;
        }
        std::exception_ptr failed;
#pragma omp parallel for num_threads(threads) schedule(static, 1) firstprivate(rows)
        for (int band = 0; band < threads; band++) try {
                rows.begin = all * band / threads, rows.end = all * (band + 1) / threads;
                kernel(in, rows);
            } catch (...) {
#pragma omp critical
                failed = std::current_exception();
            }
        if (failed) std::rethrow_exception(failed);
    }
};

}  // namespace

PYBIND11_MODULE(_call, m) {
    if (_import_array() < 0) throw py::error_already_set();
    py::class_<Caller>(m, "Caller")
        .def(py::init<std::uintptr_t, std::vector<std::string>, std::vector<int>, std::vector<py::object>, py::object, std::size_t,
                      bool, bool, std::size_t>(),
             py::arg("address"), py::arg("names"), py::arg("types"), py::arg("codes"), py::arg("output"), py::arg("worth"),
             py::arg("threaded"), py::arg("whole"), py::arg("axis"))
        .def("__call__", &Caller::operator());
}
