/*
 * The fast path over tar headers: takes the ordinary ones, which are nearly all of a layer.
 *
 * An ordinary header is a file, directory or symlink with octal numbers, a checksum that holds, and a name that needs
 * no cleaning. Whatever else is met (an extension, a hardlink, an odd number, damage, the end) is left where it stands
 * for Columns.add, which knows all of the format and raises the errors. So nothing is decided here that is not decided
 * in the same way there; tests/tar/walking.py holds the two against each other.
 *
 * Without this module everything works as before, only slower.
 */
#define PY_SSIZE_T_CLEAN
#define _FILE_OFFSET_BITS 64
#include <Python.h>
#include <string.h>
#ifndef _WIN32
#include <unistd.h>
#endif

enum { BLOCK = 512, SMALLEST = 1 << 12, BATCH = 512, ROOM = 1 << 16 };
enum { FILE_KIND = 0, SYMLINK_KIND = 2, DIRECTORY_KIND = 5, WHITEOUT_KIND = 7 };
enum { NAME = 0, NAME_LENGTH = 100, OWNER = 100, OWNER_LENGTH = 24, SIZE = 124, MTIME = 136, CHECKSUM = 148, FLAG = 156 };
enum { LINK = 157, LINK_LENGTH = 100, MAGIC = 257, PREFIX = 345, PREFIX_LENGTH = 155 };
enum { PATH_LENGTH = 1 + PREFIX_LENGTH + 1 + NAME_LENGTH, TEXT_LENGTH = PATH_LENGTH + LINK_LENGTH };

/* Where the entries go: the columns of layerscope.tar.columns.Columns. */
typedef struct {
    PyObject *paths, *directories, *kinds, *sizes, *owned, *mtimes, *offsets, *links, *known, *ownerships;
    Py_ssize_t longest, most;
    long long link_bytes;
} Into;

/* The stretch of the tar that is in memory: layerscope.tar.window. Without a descriptor it is all there is. */
typedef struct {
    unsigned char *data;
    Py_ssize_t room;
    int descriptor;
    long long base, length, start, end, span;
} Window;

/* Headers as they were met, gathered without the interpreter and then added to the columns at once. */
typedef struct {
    Py_ssize_t count, text_length;
    char kind[BATCH];
    long long size[BATCH], mtime[BATCH], offset[BATCH];
    unsigned char owner[BATCH][OWNER_LENGTH];
    unsigned short path_length[BATCH], link_length[BATCH];
    /* The path and the target of each, one behind the other. */
    char text[ROOM];
} Batch;

/* How far the walk has come: see layerscope.tar.walk. */
typedef struct {
    long long position, content_end, payload;
} Place;

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

/* Put the absolute path of an entry at ``path``; returns its length, 0 for a name that needs cleaning. The name of a
   whiteout changes the kind. */
static Py_ssize_t take_name(const unsigned char *header, char *path, char *kind)
{
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
        /* What lies in a directory of AUFS is no part of the file system. */
        if (index + 8 < length && !memcmp(path + index + 1, ".wh..wh.", 8))
            return 0;
    }
    if (length == 1 && *kind != DIRECTORY_KIND)
        return 0; /* Only a directory can be the root. */
    Py_ssize_t hidden = length - last - 5;
    if (hidden >= 0 && !memcmp(path + last + 1, ".wh.", 4)) {
        if (hidden == 0 || path[last + 5] == '.')
            return 0; /* Opaque markers, bookkeeping, and names that hide nothing. */
        memmove(path + last + 1, path + last + 5, hidden);
        length -= 4;
        *kind = WHITEOUT_KIND;
    }
    return length;
}

/* Whether mode, uid and gid are octal; most have the same ones as the entry before. */
static int owner_is_ordinary(const Batch *batch, const unsigned char *field)
{
    if (batch->count && !memcmp(batch->owner[batch->count - 1], field, OWNER_LENGTH))
        return 1;
    return octal(field, 7, 1) >= 0 && octal(field + 8, 7, 1) >= 0 && octal(field + 16, 7, 1) >= 0;
}

/* Add a header to the batch, and tell what payload follows it; 0 where it is not ordinary. */
static int take_header(Batch *batch, const unsigned char *header, Py_ssize_t longest, Place *place)
{
    char kind, *text = batch->text + batch->text_length;
    switch (header[FLAG]) {
    case '0': kind = FILE_KIND; break;
    case '2': kind = SYMLINK_KIND; break;
    case '5': kind = DIRECTORY_KIND; break;
    default: return 0;
    }
    long long size = octal(header + SIZE, 11, 1), mtime = octal(header + MTIME, 11, 1);
    if (size < 0 || mtime < 0 || !owner_is_ordinary(batch, header + OWNER) || !checksum_holds(header))
        return 0;
    int has_payload = kind == FILE_KIND;
    Py_ssize_t length = take_name(header, text, &kind), target = 0;
    if (length == 0 || length > longest)
        return 0;
    if (kind == SYMLINK_KIND) {
        target = text_length(header + LINK, LINK_LENGTH);
        if (target > longest)
            return 0;
        memcpy(text + length, header + LINK, target);
    }
    batch->kind[batch->count] = kind;
    batch->size[batch->count] = kind == FILE_KIND ? size : 0;
    batch->mtime[batch->count] = mtime;
    batch->offset[batch->count] = place->position + BLOCK;
    memcpy(batch->owner[batch->count], header + OWNER, OWNER_LENGTH);
    batch->path_length[batch->count] = (unsigned short)length;
    batch->link_length[batch->count] = (unsigned short)target;
    batch->text_length += length + target;
    batch->count++;
    place->payload = has_payload ? size : 0;
    return 1;
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
    ssize_t count = pread(window->descriptor, window->data, (size_t)wanted, (off_t)(window->base + position));
    if (count < 0)
        return 1; /* The general path tries again, and has the words for it. */
    window->start = position;
    window->end = position + count;
    return count < BLOCK;
#endif
}

/* Gather at most ``most`` ordinary headers; the interpreter is not needed for it. With ``stop`` it ends behind a header
   whose payload is not all in the window, or is no file's. */
static void gather(Batch *batch, Window *window, Place *place, Py_ssize_t longest, Py_ssize_t most, int stop)
{
    most = most < BATCH ? most : BATCH;
    while (batch->count < most && batch->text_length <= ROOM - TEXT_LENGTH) {
        if ((place->position < window->start || place->position + BLOCK > window->end) && load(window, place->position))
            return;
        if (!take_header(batch, window->data + (place->position - window->start), longest, place))
            return;
        place->position += BLOCK;
        if (place->payload) {
            int in_window = place->payload <= window->end - place->position;
            if (stop && (!in_window || batch->kind[batch->count - 1] != FILE_KIND))
                return;
            place->content_end = place->position + place->payload;
            place->position += (place->payload + BLOCK - 1) & -(long long)BLOCK;
            place->payload = 0;
        }
    }
}

static int append_bytes(PyObject *array, const char *method, const void *data, Py_ssize_t length)
{
    PyObject *done = PyObject_CallMethod(array, method, "y#", (const char *)data, length);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static int append_path(Into *into, const char *text, Py_ssize_t length)
{
    PyObject *path = PyUnicode_DecodeUTF8(text, length, "surrogateescape");
    int failed = !path || PyList_Append(into->paths, path);
    Py_XDECREF(path);
    return failed ? -1 : 0;
}

/* The directory of a path, as one string for all that lie in it. */
static int append_directory(Into *into, const char *text, Py_ssize_t length)
{
    PyObject *made = PyUnicode_DecodeUTF8(text, length, "surrogateescape");
    PyObject *same = made ? PyDict_SetDefault(into->known, made, made) : NULL;
    int failed = !same || PyList_Append(into->directories, same);
    Py_XDECREF(made);
    return failed ? -1 : 0;
}

static int append_again(PyObject *list)
{
    return PyList_Append(list, PyList_GET_ITEM(list, PyList_GET_SIZE(list) - 1));
}

/* Mode, uid and gid as the columns know them. */
static int append_owner(Into *into, const unsigned char *field)
{
    PyObject *key = PyBytes_FromStringAndSize((const char *)field, OWNER_LENGTH);
    PyObject *value = key ? PyObject_GetItem(into->ownerships, key) : NULL;
    int failed = !value || PyList_Append(into->owned, value);
    Py_XDECREF(key);
    Py_XDECREF(value);
    return failed ? -1 : 0;
}

static int append_link(Into *into, const char *text, Py_ssize_t length)
{
    PyObject *index = PyLong_FromSsize_t(PyList_GET_SIZE(into->paths) - 1);
    PyObject *target = PyUnicode_DecodeUTF8(text, length, "surrogateescape");
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

/* Add what was gathered to the columns. */
static int append(Into *into, const Batch *batch)
{
    const char *text = batch->text, *last = text;
    Py_ssize_t bytes = batch->count * (Py_ssize_t)sizeof(long long), last_length = -1;
    for (Py_ssize_t index = 0; index < batch->count; index++) {
        Py_ssize_t path_length = batch->path_length[index], link_length = batch->link_length[index];
        Py_ssize_t directory_length = path_length - 1;
        while (text[directory_length] != '/')
            directory_length--;
        const unsigned char *owner = batch->owner[index];
        /* Most entries lie where the one before lies, and have its owner. */
        int same_directory = directory_length == last_length && !memcmp(text, last, (size_t)directory_length);
        int same_owner = index && !memcmp(owner, batch->owner[index - 1], OWNER_LENGTH);
        if (append_path(into, text, path_length) ||
            (same_directory ? append_again(into->directories) : append_directory(into, text, directory_length)) ||
            (same_owner ? append_again(into->owned) : append_owner(into, owner)) ||
            (link_length && append_link(into, text + path_length, link_length)))
            return -1;
        last = text;
        last_length = directory_length;
        text += path_length + link_length;
    }
    return append_bytes(into->kinds, "extend", batch->kind, batch->count) || append_bytes(into->sizes, "frombytes", batch->size, bytes) ||
           append_bytes(into->mtimes, "frombytes", batch->mtime, bytes) || append_bytes(into->offsets, "frombytes", batch->offset, bytes);
}

static PyObject *run(Into *into, Window *window, Place *place, int stop)
{
    Batch *batch = PyMem_Malloc(sizeof(Batch));
    if (!batch)
        return PyErr_NoMemory();
    batch->count = batch->text_length = 0;
    Py_ssize_t most = into->most - PyList_GET_SIZE(into->paths);
    /* What is read from a file takes long enough for other threads to go on. */
    PyThreadState *state = window->descriptor < 0 ? NULL : PyEval_SaveThread();
    gather(batch, window, place, into->longest, most, stop);
    if (state)
        PyEval_RestoreThread(state);
    int failed = batch->count && append(into, batch);
    PyMem_Free(batch);
    if (failed)
        return NULL;
    return Py_BuildValue("LLLLLLL", place->position, place->content_end, place->payload, into->link_bytes, window->start, window->end,
                         window->span);
}

PyDoc_STRVAR(scan_doc,
             "scan(columns, window, position, content_end, stop)\n--\n\n"
             "Take ordinary headers from ``position`` on, until one is met that is not, or that is out of reach.\n\n"
             "``columns`` are the lists and arrays to add to, ``window`` is (buffer, descriptor, base, length, start,\n"
             "end, span). With ``stop`` it ends behind the first header whose payload is not all in the window, or is no\n"
             "file's. Returns (position, content_end, payload, link_bytes, start, end, span).");

static PyObject *scan(PyObject *module, PyObject *arguments)
{
    Into into;
    Window window;
    Py_buffer buffer;
    Place place;
    int stop;
    if (!PyArg_ParseTuple(arguments, "(O!O!O!OO!OOO!O!Onn)(w*iLLLLL)LLp", &PyList_Type, &into.paths, &PyList_Type,
                          &into.directories, &PyByteArray_Type, &into.kinds, &into.sizes, &PyList_Type, &into.owned,
                          &into.mtimes, &into.offsets, &PyDict_Type, &into.links, &PyDict_Type, &into.known,
                          &into.ownerships, &into.longest, &into.most, &buffer, &window.descriptor, &window.base,
                          &window.length, &window.start, &window.end, &window.span, &place.position, &place.content_end, &stop))
        return NULL;
    into.link_bytes = place.payload = 0;
    window.data = buffer.buf;
    window.room = buffer.len;
    PyObject *result = NULL;
    if (buffer.len < BLOCK || place.position < 0 || window.start < 0 || window.end < window.start || window.end - window.start > buffer.len)
        PyErr_SetString(PyExc_ValueError, "the window does not fit its buffer");
    else
        result = run(&into, &window, &place, stop);
    PyBuffer_Release(&buffer);
    return result;
}

static PyMethodDef methods[] = {{"scan", scan, METH_VARARGS, scan_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_headers", "The fast path over tar headers.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__headers(void)
{
    return PyModuleDef_Init(&definition);
}
