/*
 * The fast path over tar headers: takes the ordinary ones, which are nearly all of a layer.
 *
 * An ordinary header is a file, directory or symlink with octal numbers, a checksum that holds, and a name that needs
 * no cleaning. Whatever else is met (an extension, a hardlink, an odd number, damage, the end) is left where it stands
 * for Columns.add, which knows all of the format and raises the errors. So nothing is decided here that is not decided
 * in the same way there; tests/archive/test_twins.py holds the two against each other.
 *
 * Without this module everything works as before, only slower.
 */
#define PY_SSIZE_T_CLEAN
#define _FILE_OFFSET_BITS 64
#include <Python.h>
#include <stddef.h>
#include <string.h>
#ifndef _WIN32
#include <errno.h>
#include <unistd.h>
#endif

enum { BLOCK = 512, BATCH = 2048, SMALLEST = 1 << 12 };
enum { FILE_KIND = 0, SYMLINK_KIND = 2, DIRECTORY_KIND = 5, WHITEOUT_KIND = 7 };
enum { NAME = 0, NAME_LENGTH = 100, OWNER = 100, OWNER_LENGTH = 24, SIZE = 124, MTIME = 136, CHECKSUM = 148, FLAG = 156 };
enum { LINK = 157, LINK_LENGTH = 100, MAGIC = 257, PREFIX = 345, PREFIX_LENGTH = 155 };

/* Where the entries go: the columns of layerscope.archive.columns.Columns. */
typedef struct {
    PyObject *paths, *kinds, *sizes, *owned, *mtimes, *offsets, *links, *ownerships;
    Py_ssize_t longest, most;
    long long link_bytes;
    /* The ownership that was looked up last; the next entry mostly has the same. */
    unsigned char owner[OWNER_LENGTH];
    PyObject *ownership;
    Py_ssize_t count;
    char kind[BATCH];
    long long size[BATCH], mtime[BATCH], offset[BATCH];
} Into;

/* The stretch of the tar that is in memory: layerscope.archive.window. Without a descriptor it is all there is. */
typedef struct {
    unsigned char *data;
    Py_ssize_t room;
    int descriptor;
    long long base, length, start, end, span;
} Window;

/* One header, as far as it is ordinary. */
typedef struct {
    int kind;
    long long size, mtime;
    char path[1 + PREFIX_LENGTH + 1 + NAME_LENGTH];
    Py_ssize_t length;
} Header;

static Py_ssize_t text_length(const unsigned char *field, Py_ssize_t most)
{
    const unsigned char *end = memchr(field, 0, most);
    return end ? end - field : most;
}

/* Octal digits that fill a field up to one NUL or space; -1 for everything else that may stand there. */
static long long octal(const unsigned char *field, int digits, int any_end)
{
    long long value = 0;
    for (int index = 0; index < digits; index++) {
        if (field[index] < '0' || field[index] > '7')
            return -1;
        value = value << 3 | (field[index] - '0');
    }
    return field[digits] == 0 || (any_end && field[digits] == ' ') ? value : -1;
}

static int checksum_holds(const unsigned char *header)
{
    unsigned int sum = 8 * ' ';
    for (int index = 0; index < BLOCK; index++)
        sum += header[index];
    for (int index = 0; index < 8; index++)
        sum -= header[CHECKSUM + index];
    return octal(header + CHECKSUM, 6, 0) == (long long)sum;
}

/* The absolute path of an entry, and its kind where the name makes it a whiteout; 0 for a name that needs cleaning. */
static int take_name(const unsigned char *header, Header *found)
{
    char *path = found->path;
    Py_ssize_t length = 0, last = 0;
    path[length++] = '/';
    if (header[PREFIX] && !memcmp(header + MAGIC, "ustar", 6)) {
        Py_ssize_t prefix = text_length(header + PREFIX, PREFIX_LENGTH);
        memcpy(path + length, header + PREFIX, prefix);
        length += prefix;
        path[length++] = '/';
    }
    Py_ssize_t name = text_length(header + NAME, NAME_LENGTH);
    memcpy(path + length, header + NAME, name);
    length += name;
    if (length > 2 && path[1] == '.' && path[2] == '/') {
        memmove(path + 1, path + 3, length - 3);
        length -= 2;
    }
    while (length > 1 && path[length - 1] == '/')
        length--;
    for (Py_ssize_t index = 0; index + 1 < length; index++) {
        if (path[index] != '/')
            continue;
        last = index;
        if (path[index + 1] == '/')
            return 0;
        if (path[index + 1] != '.')
            continue;
        /* "." and ".." are no names; what stands in the root with a dot may be a mark of a compressed layer. */
        if (index == 0 || index + 2 == length || path[index + 2] == '/')
            return 0;
        if (path[index + 2] == '.' && (index + 3 == length || path[index + 3] == '/'))
            return 0;
    }
    Py_ssize_t hidden = length - last - 5;
    if (hidden >= 0 && !memcmp(path + last + 1, ".wh.", 4)) {
        if (hidden == 0 || path[last + 5] == '.')
            return 0; /* Opaque markers, bookkeeping, and names that hide nothing. */
        memmove(path + last + 1, path + last + 5, hidden);
        length -= 4;
        found->kind = WHITEOUT_KIND;
    }
    found->length = length;
    return 1;
}

/* Whether the header is ordinary; ``size`` is the payload behind it. */
static int take_header(const unsigned char *header, Header *found)
{
    switch (header[FLAG]) {
    case '0': found->kind = FILE_KIND; break;
    case '2': found->kind = SYMLINK_KIND; break;
    case '5': found->kind = DIRECTORY_KIND; break;
    default: return 0;
    }
    found->size = octal(header + SIZE, 11, 1);
    found->mtime = octal(header + MTIME, 11, 1);
    if (found->size < 0 || found->mtime < 0 || !checksum_holds(header))
        return 0;
    if (found->kind != FILE_KIND)
        found->size = 0;
    return take_name(header, found);
}

static int append_bytes(PyObject *array, const char *method, const void *data, Py_ssize_t length)
{
    PyObject *done = PyObject_CallMethod(array, method, "y#", (const char *)data, length);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Move what was gathered into the columns that are no lists. */
static int flush(Into *into)
{
    Py_ssize_t bytes = into->count * (Py_ssize_t)sizeof(long long);
    if (into->count == 0)
        return 0;
    if (append_bytes(into->kinds, "extend", into->kind, into->count) || append_bytes(into->sizes, "frombytes", into->size, bytes) ||
        append_bytes(into->mtimes, "frombytes", into->mtime, bytes) || append_bytes(into->offsets, "frombytes", into->offset, bytes))
        return -1;
    into->count = 0;
    return 0;
}

/* Mode, uid and gid as the columns know them; 1 where they are no ordinary numbers, -1 for an error. */
static int take_owner(Into *into, const unsigned char *field)
{
    if (into->ownership && !memcmp(into->owner, field, OWNER_LENGTH))
        return 0;
    PyObject *key = PyBytes_FromStringAndSize((const char *)field, OWNER_LENGTH);
    PyObject *value = key ? PyObject_GetItem(into->ownerships, key) : NULL;
    Py_XDECREF(key);
    if (!value) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError) && !PyErr_ExceptionMatches(PyExc_OverflowError))
            return -1;
        PyErr_Clear();
        return 1;
    }
    Py_XDECREF(into->ownership);
    into->ownership = value;
    memcpy(into->owner, field, OWNER_LENGTH);
    return 0;
}

static int take_link(Into *into, const unsigned char *field)
{
    Py_ssize_t length = text_length(field, LINK_LENGTH);
    if (length == 0)
        return 0;
    PyObject *index = PyLong_FromSsize_t(PyList_GET_SIZE(into->paths) - 1);
    PyObject *target = PyUnicode_DecodeUTF8((const char *)field, length, "surrogateescape");
    int failed = !index || !target;
    if (!failed) {
        PyUnicode_InternInPlace(&target);
        failed = PyDict_SetItem(into->links, index, target);
    }
    Py_XDECREF(index);
    Py_XDECREF(target);
    into->link_bytes += length;
    return failed ? -1 : 0;
}

/* Add one header to the columns; 1 where it is not ordinary, -1 for an error. */
static int add(Into *into, const unsigned char *header, long long position, long long *payload)
{
    Header found;
    if (!take_header(header, &found) || found.length > into->longest || PyList_GET_SIZE(into->paths) >= into->most)
        return 1;
    int outcome = take_owner(into, header + OWNER);
    if (outcome)
        return outcome;
    PyObject *path = PyUnicode_DecodeUTF8(found.path, found.length, "surrogateescape");
    if (!path)
        return -1;
    int failed = PyList_Append(into->paths, path) || PyList_Append(into->owned, into->ownership);
    Py_DECREF(path);
    if (failed || (found.kind == SYMLINK_KIND && take_link(into, header + LINK)))
        return -1;
    into->kind[into->count] = (char)found.kind;
    into->size[into->count] = found.kind == FILE_KIND ? found.size : 0;
    into->mtime[into->count] = found.mtime;
    into->offset[into->count] = position + BLOCK;
    into->count++;
    *payload = found.size;
    return into->count == BATCH ? flush(into) : 0;
}

/* Bring the header at ``position`` into the window, as PositionalWindow.load does; 1 where it cannot be done here. */
static int load(Window *window, long long position)
{
#ifdef _WIN32
    return 1;
#else
    if (window->descriptor < 0 || position + BLOCK > window->length)
        return 1;
    int near = window->end && position < window->end + window->span;
    window->span = near ? window->span * 2 : window->span / 2;
    window->span = window->span < SMALLEST ? SMALLEST : window->span;
    window->span = window->span > window->room ? window->room : window->span;
    long long wanted = window->span < window->length - position ? window->span : window->length - position;
    ssize_t count;
    Py_BEGIN_ALLOW_THREADS
    count = pread(window->descriptor, window->data, (size_t)wanted, (off_t)(window->base + position));
    Py_END_ALLOW_THREADS
    if (count < 0)
        return 1; /* The general path tries again, and has the words for it. */
    window->start = position;
    window->end = position + count;
    return count < BLOCK;
#endif
}

static PyObject *run(Into *into, Window *window, long long position, long long content_end, int stop)
{
    long long payload = 0;
    for (Py_ssize_t turn = 0; turn < BATCH; turn++) {
        if ((position < window->start || position + BLOCK > window->end) && load(window, position))
            break;
        int outcome = add(into, window->data + (position - window->start), position, &payload);
        if (outcome < 0)
            return NULL;
        if (outcome)
            break;
        position += BLOCK;
        if (payload) {
            if (stop)
                break;
            content_end = position + payload;
            position += (payload + BLOCK - 1) & -(long long)BLOCK;
            payload = 0;
        }
    }
    if (flush(into))
        return NULL;
    return Py_BuildValue("LLLLLLL", position, content_end, payload, into->link_bytes, window->start, window->end, window->span);
}

PyDoc_STRVAR(scan_doc,
             "scan(columns, window, position, content_end, stop)\n--\n\n"
             "Take ordinary headers from ``position`` on, until one is met that is not, or that is out of reach.\n\n"
             "``columns`` are the lists and arrays to add to, ``window`` is (buffer, descriptor, base, length, start,\n"
             "end, span). With ``stop`` it ends behind the first header with a payload. Returns (position, content_end,\n"
             "payload, link_bytes, start, end, span).");

static PyObject *scan(PyObject *module, PyObject *arguments)
{
    Into into;
    Window window;
    Py_buffer buffer;
    long long position, content_end;
    int stop;
    memset(&into, 0, offsetof(Into, kind));
    if (!PyArg_ParseTuple(arguments, "(O!O!OO!OOO!Onn)(w*iLLLLL)LLp", &PyList_Type, &into.paths, &PyByteArray_Type, &into.kinds,
                          &into.sizes, &PyList_Type, &into.owned, &into.mtimes, &into.offsets, &PyDict_Type, &into.links,
                          &into.ownerships, &into.longest, &into.most, &buffer, &window.descriptor, &window.base,
                          &window.length, &window.start, &window.end, &window.span, &position, &content_end, &stop))
        return NULL;
    window.data = buffer.buf;
    window.room = buffer.len;
    PyObject *result = NULL;
    if (buffer.len < BLOCK || position < 0 || window.start < 0 || window.end < window.start || window.end - window.start > buffer.len)
        PyErr_SetString(PyExc_ValueError, "the window does not fit its buffer");
    else
        result = run(&into, &window, position, content_end, stop);
    Py_XDECREF(into.ownership);
    PyBuffer_Release(&buffer);
    return result;
}

static PyMethodDef methods[] = {{"scan", scan, METH_VARARGS, scan_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_headers", "The fast path over tar headers.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__headers(void)
{
    return PyModuleDef_Init(&definition);
}
