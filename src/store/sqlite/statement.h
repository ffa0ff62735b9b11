// SQLite's C handles, owned, and its result codes as Errors. Internal to store/sqlite.
// Not thread safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include "base/result.h"

namespace countersign::store {

/// The error of the call that just failed: SQLITE_BUSY and LOCKED are Conflict, CORRUPT and NOTADB
/// Corrupt, all else Io with SQLite's words.
Error sqlite_error(sqlite3* database, int code, std::string_view what);

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// One prepared statement. Bound texts must outlive the steps.
class Statement {
public:
    static Result<Statement> prepare(sqlite3* database, const std::string& sql);

    /// Parameters count from 1. nullopt binds NULL.
    Result<void> bind(int parameter, std::optional<std::string_view> text);
    Result<void> bind(int parameter, std::int64_t number);
    /// True: a row stands; false: done.
    Result<bool> step();
    /// Ready for new parameters.
    void reset();
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    [[nodiscard]] Error error(int code) const;

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Runs statements without results.
Result<void> execute(sqlite3* database, const std::string& sql);

}  // namespace countersign::store
