/*
 * The loop of Selector.scan (pathset.py), which goes through every path of an image: three look-ups for each.
 *
 * What is rare (a directory that was not met before, a name that some set asks for) is asked of the selector itself, so
 * nothing is decided here that is not decided there; tests/model/test_pathset.py holds the two against each other.
 *
 * Without this module everything works as before, only slower.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What a selector knows: the tables are dictionaries, what is asked of it are functions. */
typedef struct {
    PyObject *directories, *directory, *named, *by_name, *suffixes;
} Selector;

/* Replace ``found`` by itself and ``more``, whose reference is taken; 0, or -1 with an error set. */
static int add(PyObject **found, PyObject *more)
{
    PyObject *both = more ? PySequence_Concat(*found, more) : NULL;
    Py_XDECREF(more);
    Py_DECREF(*found);
    *found = both;
    return both ? 0 : -1;
}

/* The sets whose trees hold all that lies in a directory; a new reference. */
static PyObject *in_directory(const Selector *selector, PyObject *parent)
{
    PyObject *found = PyDict_GetItemWithError(selector->directories, parent);
    if (found || PyErr_Occurred()) {
        Py_XINCREF(found);
        return found;
    }
    return PyObject_CallFunctionObjArgs(selector->directory, parent, NULL);
}

/* Add the sets that ask for how a name ends. */
static int add_suffixes(const Selector *selector, PyObject *name, PyObject **found)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(name), dot = PyUnicode_FindChar(name, '.', 0, length, -1);
    if (dot == -2)
        return -1;
    PyObject *extension = PyUnicode_Substring(name, dot + 1, length);
    PyObject *table = extension ? PyDict_GetItemWithError(selector->suffixes, extension) : NULL;
    Py_XDECREF(extension);
    if (!table)
        return PyErr_Occurred() ? -1 : 0;
    PyObject *suffix, *numbers;
    Py_ssize_t place = 0;
    while (PyDict_Next(table, &place, &suffix, &numbers)) {
        Py_ssize_t ends = length > PyUnicode_GetLength(suffix) ? PyUnicode_Tailmatch(name, suffix, 0, length, 1) : 0;
        if (ends < 0 || (ends && add(found, Py_NewRef(numbers))))
            return -1;
    }
    return 0;
}

/* The sets that hold a path, a new reference. */
static PyObject *holding(const Selector *selector, PyObject *path, PyObject *parent)
{
    if (!PyUnicode_Check(path) || !PyUnicode_Check(parent))
        return PyErr_Format(PyExc_TypeError, "paths and parents are texts");
    PyObject *found = in_directory(selector, parent);
    PyObject *name = found ? PyUnicode_Substring(path, PyUnicode_GET_LENGTH(parent) + 1, PyUnicode_GET_LENGTH(path)) : NULL;
    int asked = name ? PySet_Contains(selector->named, name) : -1;
    if (asked > 0)
        asked = add(&found, PyObject_CallFunctionObjArgs(selector->by_name, path, name, NULL));
    if (asked < 0 || add_suffixes(selector, name, &found))
        Py_CLEAR(found);
    Py_XDECREF(name);
    return found;
}

/* Append the index and the sets of each path that any set holds. */
static int gather(const Selector *selector, PyObject *paths, PyObject *parents, PyObject *indexes, PyObject *sets)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(paths); index++) {
        PyObject *found = holding(selector, PyTuple_GET_ITEM(paths, index), PyTuple_GET_ITEM(parents, index));
        Py_ssize_t count = found ? PyObject_Length(found) : -1;
        PyObject *number = count > 0 ? PyLong_FromSsize_t(index) : NULL;
        int failed = count < 0 || (count && (!number || PyList_Append(indexes, number) || PyList_Append(sets, found)));
        Py_XDECREF(number);
        Py_XDECREF(found);
        if (failed)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(select_doc,
             "select(paths, parents, directories, directory, named, by_name, suffixes)\n--\n\n"
             "The indexes of the paths that some sets hold, and the numbers of those sets, as two lists.");

static PyObject *select_paths(PyObject *module, PyObject *arguments)
{
    Selector selector;
    PyObject *paths, *parents, *result = NULL;
    if (!PyArg_ParseTuple(arguments, "OOO!OO!OO!", &paths, &parents, &PyDict_Type, &selector.directories, &selector.directory,
                          &PySet_Type, &selector.named, &selector.by_name, &PyDict_Type, &selector.suffixes))
        return NULL;
    /* What is asked of the selector runs as Python, which could change a list while it is gone through. */
    paths = PySequence_Tuple(paths);
    parents = paths ? PySequence_Tuple(parents) : NULL;
    PyObject *indexes = PyList_New(0), *sets = PyList_New(0);
    if (paths && parents && PyTuple_GET_SIZE(paths) != PyTuple_GET_SIZE(parents))
        PyErr_SetString(PyExc_ValueError, "there must be a parent for each path");
    else if (paths && parents && indexes && sets && !gather(&selector, paths, parents, indexes, sets))
        result = PyTuple_Pack(2, indexes, sets);
    Py_XDECREF(paths);
    Py_XDECREF(parents);
    Py_XDECREF(indexes);
    Py_XDECREF(sets);
    return result;
}

static PyMethodDef methods[] = {{"select", select_paths, METH_VARARGS, select_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_select", "The loop over all paths of an image.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__select(void)
{
    return PyModuleDef_Init(&definition);
}
