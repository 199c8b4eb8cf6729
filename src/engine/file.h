/* file.h - files of the owner's, read once from front to back or written at the end; too large for memory.
 *
 * Only local files of the user who runs the program: no pipe (it could never end), no device, no folder.
 */
#pragma once

#include "base/base.h"

typedef struct FileIn FileIn;

/* ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_INPUT for what is no plain file, ERR_IO; each names the file. */
FileIn *file_in_open(const char *path, GError **error);
void file_in_close(FileIn *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileIn, file_in_close)
int64_t file_in_bytes(const FileIn *file);
bool file_in_rewind(FileIn *file, GError **error);
/* 0 bytes: the end. */
bool file_in_read(FileIn *file, char *to, size_t room, size_t *ret_len, GError **error);

typedef struct FileOut FileOut;

/* Opens or makes it (0600) and cuts it to `keep` bytes: what a process that died had written behind that is gone. */
FileOut *file_out_open(const char *path, int64_t keep, GError **error);
void file_out_close(FileOut *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileOut, file_out_close)
bool file_out_write(FileOut *file, Str bytes, GError **error);
int64_t file_out_bytes(const FileOut *file);

/* Adds bytes to the end of a file, made (0600) where it is missing; they are on the disk when it returns. */
bool file_append(const char *path, Str bytes, GError **error);

/* Gives a file that was written under another name its own, complete and on the disk; never in the place of another:
 * ERR_CONFLICT. */
bool file_settle(const char *part, const char *path, GError **error);

/* Puts a file in the place of another, at once. */
bool file_replace(const char *fresh, const char *path, GError **error);

/* Copies standard input or another open descriptor into a new file (0600). */
bool file_spool(int from, const char *path, GError **error);
