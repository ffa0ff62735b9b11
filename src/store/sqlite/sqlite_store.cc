#include "store/sqlite/sqlite_store.h"

#include <map>

#include "store/checks.h"
#include "store/sqlite/statement.h"
#include "sys/background.h"

namespace countersign::store {
namespace {

/// "CSgn": marks the file as ours (PRAGMA application_id).
constexpr std::int64_t kApplicationId = 0x4353676E;
/// 64 MiB of 4 KiB pages.
constexpr std::int64_t kPagesCheckedMax = 16 * 1024;

// Table and column names come from kSchema, never from input; values are always bound.
std::string table_name(Collection collection) {
    return "c_" + std::string(schema_of(collection).name);
}
std::string column_name(std::string_view index) {
    return "i_" + std::string(index);
}

std::string create_table(Collection collection) {
    const std::string table = table_name(collection);
    std::string columns;
    std::string indexes;
    for (const std::string_view index : schema_of(collection).indexes) {
        if (!index.empty()) {
            const std::string column = column_name(index);
            columns += ", " + column + " TEXT";
            indexes += "CREATE INDEX " + table + "_" + column + " ON " + table + " (" + column +
                       ", key) WHERE " + column + " IS NOT NULL;";
        }
    }
    return "CREATE TABLE " + table + " (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL" +
           columns + ") STRICT;" + indexes;
}

Result<std::int64_t> pragma(sqlite3* database, const std::string& name) {
    Statement statement = TRY(Statement::prepare(database, "PRAGMA " + name));
    const bool row = TRY(statement.step());
    return row ? statement.integer(0) : 0;
}

Result<void> create_schema(sqlite3* database) {
    std::string sql = "BEGIN IMMEDIATE;";
    for (std::size_t i = 0; i < kSchema.size(); ++i) {
        sql += create_table(static_cast<Collection>(i));
    }
    sql += "PRAGMA application_id=" + std::to_string(kApplicationId) + ";";
    sql += "PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT;";
    return execute(database, sql);
}

enum class Origin { Empty, Ours };

/// Only reads, so that a file which is refused stays as it was.
Result<Origin> check_origin(sqlite3* database) {
    const std::int64_t application = TRY(pragma(database, "application_id"));
    const std::int64_t version = TRY(pragma(database, "user_version"));
    Statement statement = TRY(Statement::prepare(database, "SELECT count(*) FROM sqlite_master"));
    TRY(statement.step());
    if (application == 0 && version == 0 && statement.integer(0) == 0) {
        return Origin::Empty;
    }
    if (application != kApplicationId) {
        return Error(ErrorCode::Unsupported, "store: the file belongs to another program",
                     "move it away, or name another state directory");
    }
    if (version != kSchemaVersion) {
        return Error(ErrorCode::Unsupported,
                     "store: the file has schema version " + std::to_string(version) +
                         ", this program knows " + std::to_string(kSchemaVersion),
                     "use the version of countersign that wrote it, or a newer one");
    }
    return Origin::Ours;
}

/// A damaged page is found at start where that takes milliseconds; in a larger file SQLite reports
/// it when the page is read.
Result<void> check_pages(sqlite3* database) {
    const std::int64_t pages = TRY(pragma(database, "page_count"));
    if (pages > kPagesCheckedMax) {
        return {};
    }
    Statement statement = TRY(Statement::prepare(database, "PRAGMA quick_check(1)"));
    TRY(statement.step());
    if (statement.text(0) != "ok") {
        return Error(ErrorCode::Corrupt, "store: the file is damaged: " + statement.text(0),
                     "move it away; the audit log is not affected, sessions and rules are lost");
    }
    return {};
}

Result<void> configure(sqlite3* database) {
    TRY(execute(database, "PRAGMA trusted_schema=OFF"));
    TRY(execute(database, "PRAGMA cell_size_check=ON"));
    TRY(execute(database, "PRAGMA journal_mode=WAL"));
    TRY(execute(database, "PRAGMA synchronous=NORMAL"));
    TRY(execute(database, "PRAGMA cache_size=-4096"));
    TRY(execute(database, "PRAGMA temp_store=MEMORY"));
    // Taking the lock now tells "in use" at start, not at the first write.
    TRY(execute(database, "BEGIN IMMEDIATE;COMMIT"));
    return {};
}

Result<void> prepare_file(sqlite3* database) {
    sqlite3_busy_timeout(database, 0);
    // Exclusive locking before WAL: no shared memory file, and a second process gets BUSY at once.
    TRY(execute(database, "PRAGMA locking_mode=EXCLUSIVE"));
    const Origin origin = TRY(check_origin(database));
    TRY(configure(database));
    if (origin == Origin::Empty) {
        return create_schema(database);
    }
    return check_pages(database);
}

/// What transactions share: the connection, prepared statements by their text, and whether a
/// transaction is open.
struct Connection {
    Database database;
    std::map<std::string, Statement, std::less<>> statements;
    bool open = false;
    Durability durability = Durability::Written;

    Result<Statement*> statement(const std::string& sql) {
        auto found = statements.find(sql);
        if (found == statements.end()) {
            Statement made = TRY(Statement::prepare(database.get(), sql));
            found = statements.emplace(sql, std::move(made)).first;
        }
        found->second.reset();
        return &found->second;
    }
    Result<void> run(const std::string& sql) {
        Statement* prepared = TRY(statement(sql));
        const auto done = prepared->step();
        prepared->reset();
        if (!done.ok()) {
            return done.error();
        }
        return {};
    }
};

/// " WHERE ..." of a query; the parameters follow in the order: where values, contains, after.
Result<std::string> where_clause(Collection collection, const Query& query) {
    std::string sql;
    for (const IndexValue& entry : query.where) {
        TRY(required_index(collection, entry.index));
        sql += (sql.empty() ? " WHERE " : " AND ") + column_name(entry.index) + "=?";
    }
    if (!query.contains.empty()) {
        sql += (sql.empty() ? " WHERE " : " AND ") + std::string("instr(value,?)>0");
    }
    if (!query.after.empty()) {
        sql += (sql.empty() ? " WHERE " : " AND ") +
               std::string(query.order == Order::Ascending ? "key>?" : "key<?");
    }
    return sql;
}

Result<int> bind_query(Statement& statement, const Query& query) {
    int parameter = 1;
    for (const IndexValue& entry : query.where) {
        TRY(statement.bind(parameter++, entry.value));
    }
    if (!query.contains.empty()) {
        TRY(statement.bind(parameter++, query.contains));
    }
    if (!query.after.empty()) {
        TRY(statement.bind(parameter++, query.after));
    }
    return parameter;
}

Result<std::vector<Document>> documents(Statement& statement) {
    std::vector<Document> out;
    for (;;) {
        const bool row = TRY(statement.step());
        if (!row) {
            break;
        }
        out.push_back({statement.text(0), statement.text(1)});
    }
    statement.reset();
    return out;
}

class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(Connection& connection, Access access)
        : connection_(connection), access_(access) {}
    ~SqliteTransaction() override {
        // A transaction that SQLite has rolled back by itself gives an error here, which says
        // nothing new.
        if (!committed_) {
            (void)connection_.run("ROLLBACK");
        }
        connection_.open = false;
    }

    Result<std::optional<std::string>> get(Collection collection, std::string_view key) override {
        return guarded<std::optional<std::string>>([&] { return do_get(collection, key); });
    }
    Result<void> put(Collection collection, std::string_view key, std::string_view value,
                     const std::vector<IndexValue>& index) override {
        return guarded<void>([&] { return do_put(collection, key, value, index); });
    }
    Result<bool> erase(Collection collection, std::string_view key) override {
        return guarded<bool>([&] { return do_erase(collection, key); });
    }
    Result<void> erase_range(Collection collection, std::string_view least,
                             std::string_view below) override {
        return guarded<void>([&] { return do_erase_range(collection, least, below); });
    }
    Result<std::vector<Document>> find(Collection collection, const Query& query) override {
        return guarded<std::vector<Document>>([&] { return do_find(collection, query); });
    }
    Result<std::vector<Document>> find_range(Collection collection,
                                             const RangeQuery& query) override {
        return guarded<std::vector<Document>>([&] { return do_find_range(collection, query); });
    }
    Result<std::int64_t> count(Collection collection, const Query& query) override {
        return guarded<std::int64_t>([&] { return do_count(collection, query); });
    }
    Result<void> commit() override {
        return guarded<void>([&]() -> Result<void> {
            TRY(connection_.run("COMMIT"));
            committed_ = true;
            void_ = true;
            return {};
        });
    }

private:
    /// After the first error the transaction takes no more calls.
    template <class T, class F>
    Result<T> guarded(F&& work) {
        if (void_) {
            return Error(ErrorCode::Conflict, "store: the transaction is over");
        }
        Result<T> result = work();
        void_ = void_ || !result.ok();
        return result;
    }
    [[nodiscard]] Result<void> writable() const {
        if (access_ == Access::Read) {
            return Error(ErrorCode::InvalidArgument, "store: a read transaction");
        }
        return {};
    }

    Result<std::optional<std::string>> do_get(Collection collection, std::string_view key) {
        Statement* statement = TRY(
            connection_.statement("SELECT value FROM " + table_name(collection) + " WHERE key=?"));
        TRY(statement->bind(1, key));
        const bool row = TRY(statement->step());
        std::optional<std::string> out;
        if (row) {
            out = statement->text(0);
        }
        statement->reset();
        return out;
    }

    Result<void> do_put(Collection collection, std::string_view key, std::string_view value,
                        const std::vector<IndexValue>& index) {
        TRY(writable());
        TRY(check_document(collection, key, value, index));
        std::string columns = "key,value";
        std::string marks = "?,?";
        for (const std::string_view name : schema_of(collection).indexes) {
            if (!name.empty()) {
                columns += "," + column_name(name);
                marks += ",?";
            }
        }
        Statement* statement =
            TRY(connection_.statement("INSERT OR REPLACE INTO " + table_name(collection) + " (" +
                                      columns + ") VALUES (" + marks + ")"));
        TRY(statement->bind(1, key));
        TRY(statement->bind(2, value));
        for (const IndexValue& entry : index) {
            const auto position = *index_position(collection, entry.index);
            TRY(statement->bind(3 + static_cast<int>(position), entry.value));
        }
        TRY(statement->step());
        statement->reset();
        return {};
    }

    Result<bool> do_erase(Collection collection, std::string_view key) {
        TRY(writable());
        Statement* statement =
            TRY(connection_.statement("DELETE FROM " + table_name(collection) + " WHERE key=?"));
        TRY(statement->bind(1, key));
        TRY(statement->step());
        statement->reset();
        return sqlite3_changes(connection_.database.get()) > 0;
    }

    Result<void> do_erase_range(Collection collection, std::string_view least,
                                std::string_view below) {
        TRY(writable());
        Statement* statement =
            TRY(connection_.statement("DELETE FROM " + table_name(collection) + " WHERE key>=?" +
                                      (below.empty() ? "" : " AND key<?")));
        TRY(statement->bind(1, least));
        if (!below.empty()) {
            TRY(statement->bind(2, below));
        }
        TRY(statement->step());
        statement->reset();
        return {};
    }

    Result<std::vector<Document>> do_find(Collection collection, const Query& query) {
        TRY(check_limit(query.limit));
        const std::string where = TRY(where_clause(collection, query));
        Statement* statement = TRY(connection_.statement(
            "SELECT key,value FROM " + table_name(collection) + where + " ORDER BY key" +
            (query.order == Order::Ascending ? "" : " DESC") + " LIMIT ?"));
        const int next = TRY(bind_query(*statement, query));
        TRY(statement->bind(next, static_cast<std::int64_t>(query.limit)));
        return documents(*statement);
    }

    Result<std::vector<Document>> do_find_range(Collection collection, const RangeQuery& query) {
        TRY(check_limit(query.limit));
        TRY(required_index(collection, query.index));
        const std::string column = column_name(query.index);
        const std::string direction = query.order == Order::Ascending ? "" : " DESC";
        Statement* statement = TRY(connection_.statement(
            "SELECT key,value FROM " + table_name(collection) + " WHERE " + column + ">=?" +
            (query.below.empty() ? "" : " AND " + column + "<?") + " ORDER BY " + column +
            direction + ",key" + direction + " LIMIT ?"));
        int parameter = 1;
        TRY(statement->bind(parameter++, query.least));
        if (!query.below.empty()) {
            TRY(statement->bind(parameter++, query.below));
        }
        TRY(statement->bind(parameter, static_cast<std::int64_t>(query.limit)));
        return documents(*statement);
    }

    Result<std::int64_t> do_count(Collection collection, const Query& query) {
        TRY(check_limit(query.limit));
        Query counted = query;
        counted.after = {};
        const std::string where = TRY(where_clause(collection, counted));
        Statement* statement =
            TRY(connection_.statement("SELECT count(*) FROM " + table_name(collection) + where));
        TRY(bind_query(*statement, counted));
        TRY(statement->step());
        const std::int64_t number = statement->integer(0);
        statement->reset();
        return number;
    }

    Connection& connection_;
    Access access_;
    bool committed_ = false;
    bool void_ = false;
};

class SqliteStore final : public Store {
public:
    explicit SqliteStore(Database database) { connection_.database = std::move(database); }

    Result<std::unique_ptr<Transaction>> begin(Access access, Durability durability) override {
        background_.wait();
        return begin_here(access, durability);
    }

    Result<void> submit(Work work) override {
        if (background_.busy() || connection_.open) {
            return Error(ErrorCode::Conflict, "store: a transaction is open");
        }
        return background_.start([this, work = std::move(work)]() -> Result<void> {
            auto transaction = TRY(begin_here(Access::Write, Durability::Written));
            TRY(work(*transaction));
            return transaction->commit();
        });
    }
    std::optional<Result<void>> submitted() override { return background_.take(); }
    void wait_submitted() override { background_.wait(); }

private:
    /// By the caller's thread while none is submitted, else by that of the submitted one.
    Result<std::unique_ptr<Transaction>> begin_here(Access access, Durability durability) {
        if (connection_.open) {
            return Error(ErrorCode::Conflict, "store: a transaction is open");
        }
        if (access == Access::Write && durability != connection_.durability) {
            // FULL syncs the WAL at commit, and with it whatever earlier commits left there.
            TRY(connection_.run(durability == Durability::Synced ? "PRAGMA synchronous=FULL"
                                                                 : "PRAGMA synchronous=NORMAL"));
            connection_.durability = durability;
        }
        TRY(connection_.run(access == Access::Write ? "BEGIN IMMEDIATE" : "BEGIN"));
        connection_.open = true;
        return std::unique_ptr<Transaction>(
            std::make_unique<SqliteTransaction>(connection_, access));
    }

    Connection connection_;
    sys::Background background_;  ///< goes first, and waits for what it does
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &opened,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
        nullptr);
    Database database(opened);
    if (code != SQLITE_OK) {
        return sqlite_error(opened, code, "open " + path);
    }
    sqlite3_extended_result_codes(opened, 1);
    auto configured = prepare_file(opened);
    if (!configured.ok()) {
        Error error = configured.take_error();
        if (error.code == ErrorCode::Conflict) {
            error.message = "store: " + path + " is in use by another process";
            error.hint = "only one gateway can run on one state directory";
        }
        return error;
    }
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(database)));
}

}  // namespace countersign::store
