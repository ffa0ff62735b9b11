// The store on SQLite 3: one file, WAL, one table per collection with one column per index.
// Durability::Synced is synchronous=FULL for that transaction, Written is NORMAL; see store.h.
//
// A file that is not ours (another application id), of another schema version, or damaged is
// refused and left untouched. Two processes cannot hold one store: it is opened in exclusive
// locking mode.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace countersign::store {

/// Opens or creates. `path` is a file in a directory that only this user can enter. Errors: Io,
/// Corrupt (damaged), Unsupported (another application's file, or a newer schema), Conflict (in use
/// by another process).
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path);

}  // namespace countersign::store
