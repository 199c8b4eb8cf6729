/* folder.h - the data folder: one place on disk, one program at a time.
 *
 * DATA/lock     held with flock by the one program that works here; its pid stands in it
 * DATA/scratch  marks a folder whose loss nobody minds: tests may turn its clock, and it may lie in
 *               memory
 */
#pragma once

#include "base/base.h"

typedef struct Folder Folder;

typedef struct FolderOptions {
    bool
        allow_volatile; /* --allow-volatile: also where a restart or a container's end empties it */
    int wait_ms; /* how long to wait for a lock that somebody holds: a worker that was just killed
                  * lets go of it a moment later */
    bool read_only; /* takes no lock and makes nothing: for verbs that only look */
} FolderOptions;

/* Opens it, made with 0700 where it is missing, and takes the lock. NULL on failure: ERR_LOCKED
 * naming who holds it; ERR_CONFIG for a file system that forgets (tmpfs, ramfs, a container's
 * overlay) or on which SQLite's write-ahead log does not work (NFS, SMB, 9p; sqlite.org/wal.html);
 * ERR_IO. */
Folder *folder_open(const char *path, const FolderOptions *options, GError **error);
void folder_close(Folder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Folder, folder_close)

const char *folder_path(const Folder *folder); /* absolute */
bool folder_is_scratch(const Folder *folder);

/* The path of a file in it. */
char *folder_file(const Folder *folder, Arena *arena, const char *name);

/* Fails with ERR_DISK_FULL when less than that is free to us. */
bool folder_check_free(const Folder *folder, int64_t bytes, GError **error);

/* Bytes that are free to us on the disk of a path; -1 if nobody knows. */
int64_t folder_free_bytes(const char *path);
