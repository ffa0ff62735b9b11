#include "store/sqlite/statement.h"

namespace countersign::store {
namespace {

ErrorCode code_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::Conflict;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::Corrupt;
        default:
            return ErrorCode::Io;
    }
}

}  // namespace

Error sqlite_error(sqlite3* database, int code, std::string_view what) {
    std::string message = "store: " + std::string(what) + ": " + sqlite3_errstr(code);
    if (database != nullptr && sqlite3_errmsg(database) != nullptr) {
        message += std::string(" (") + sqlite3_errmsg(database) + ")";
    }
    return {code_of(code), std::move(message)};
}

Result<Statement> Statement::prepare(sqlite3* database, const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database, sql.c_str(), static_cast<int>(sql.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        return sqlite_error(database, code, "prepare");
    }
    return Statement(statement);
}

Error Statement::error(int code) const {
    return sqlite_error(sqlite3_db_handle(statement_.get()), code, "statement");
}

Result<void> Statement::bind(int parameter, std::optional<std::string_view> text) {
    // A null data pointer would bind NULL in place of the empty text.
    const int code = text ? sqlite3_bind_text64(statement_.get(), parameter,
                                                text->data() == nullptr ? "" : text->data(),
                                                text->size(), SQLITE_STATIC, SQLITE_UTF8)
                          : sqlite3_bind_null(statement_.get(), parameter);
    if (code != SQLITE_OK) {
        return error(code);
    }
    return {};
}

Result<void> Statement::bind(int parameter, std::int64_t number) {
    const int code = sqlite3_bind_int64(statement_.get(), parameter, number);
    if (code != SQLITE_OK) {
        return error(code);
    }
    return {};
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return error(code);
    }
    return code == SQLITE_ROW;
}

void Statement::reset() {
    // The result repeats the last step's error, which step() has told already.
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

std::string Statement::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

Result<void> execute(sqlite3* database, const std::string& sql) {
    const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return sqlite_error(database, code, sql.substr(0, sql.find('(')));
    }
    return {};
}

}  // namespace countersign::store
