#include "store/memory.h"

#include <algorithm>
#include <utility>

#include "store/checks.h"

namespace countersign::store {
namespace {

bool matches(Collection collection, const MemoryStore::Row& row, const Query& query) {
    const bool indexed = std::all_of(query.where.begin(), query.where.end(), [&](const auto& want) {
        const auto& have = row.index[*index_position(collection, want.index)];
        return have && *have == want.value;
    });
    return indexed && row.value.find(query.contains) != std::string::npos;
}

}  // namespace

/// Works on a copy of all tables, which commit() puts in place.
class MemoryTransaction final : public Transaction {
public:
    MemoryTransaction(MemoryStore& store, Access access)
        : store_(store), access_(access), tables_(store.committed_) {}
    ~MemoryTransaction() override { store_.open_ = false; }

    Result<std::optional<std::string>> get(Collection collection, std::string_view key) override {
        TRY(usable());
        const auto& rows = table(collection);
        const auto row = rows.find(key);
        return row == rows.end() ? std::nullopt : std::optional(row->second.value);
    }

    Result<void> put(Collection collection, std::string_view key, std::string_view value,
                     const std::vector<IndexValue>& index) override {
        TRY(usable());
        TRY(writable());
        TRY(voiding(check_document(collection, key, value, index)));
        MemoryStore::Row row;
        row.value = std::string(value);
        for (const IndexValue& entry : index) {
            row.index[*index_position(collection, entry.index)] = std::string(entry.value);
        }
        table(collection).insert_or_assign(std::string(key), std::move(row));
        return {};
    }

    Result<bool> erase(Collection collection, std::string_view key) override {
        TRY(usable());
        TRY(writable());
        auto& rows = table(collection);
        const auto row = rows.find(key);
        if (row == rows.end()) {
            return false;
        }
        rows.erase(row);
        return true;
    }

    Result<void> erase_range(Collection collection, std::string_view least,
                             std::string_view below) override {
        TRY(usable());
        TRY(writable());
        auto& rows = table(collection);
        auto row = rows.lower_bound(least);
        while (row != rows.end() && (below.empty() || row->first < below)) {
            row = rows.erase(row);
        }
        return {};
    }

    Result<std::vector<Document>> find(Collection collection, const Query& query) override {
        TRY(usable());
        TRY(voiding(check(collection, query)));
        std::vector<Document> out;
        const auto take = [&](const auto& entry) {
            if (matches(collection, entry.second, query)) {
                out.push_back({entry.first, entry.second.value});
            }
            return out.size() < query.limit;
        };
        const auto& rows = table(collection);
        if (query.order == Order::Ascending) {
            auto at = query.after.empty() ? rows.begin() : rows.upper_bound(query.after);
            while (at != rows.end() && take(*at)) {
                ++at;
            }
        } else {
            auto at = query.after.empty() ? rows.end() : rows.lower_bound(query.after);
            while (at != rows.begin() && take(*std::prev(at))) {
                --at;
            }
        }
        return out;
    }

    Result<std::vector<Document>> find_range(Collection collection,
                                             const RangeQuery& query) override {
        TRY(usable());
        TRY(voiding(check_limit(query.limit)));
        auto position = required_index(collection, query.index);
        if (!position.ok()) {
            void_ = true;
            return position.take_error();
        }
        std::vector<std::pair<std::string, std::string>> order;
        for (const auto& [key, row] : table(collection)) {
            const auto& value = row.index[*position];
            if (value && *value >= query.least && (query.below.empty() || *value < query.below)) {
                order.emplace_back(*value, key);
            }
        }
        std::sort(order.begin(), order.end());
        if (query.order == Order::Descending) {
            std::reverse(order.begin(), order.end());
        }
        order.resize(std::min(order.size(), query.limit));
        std::vector<Document> out;
        for (const auto& [value, key] : order) {
            out.push_back({key, table(collection).find(key)->second.value});
        }
        return out;
    }

    Result<std::int64_t> count(Collection collection, const Query& query) override {
        TRY(usable());
        TRY(voiding(check(collection, query)));
        const auto& rows = table(collection);
        return std::count_if(rows.begin(), rows.end(), [&](const auto& entry) {
            return matches(collection, entry.second, query);
        });
    }

    Result<void> commit() override {
        TRY(usable());
        void_ = true;
        if (access_ == Access::Write) {
            store_.committed_ = std::move(tables_);
        }
        return {};
    }

private:
    MemoryStore::Table& table(Collection collection) {
        return tables_[static_cast<std::size_t>(collection)];
    }
    Result<void> usable() {
        if (void_) {
            return Error(ErrorCode::Conflict, "store: the transaction is over");
        }
        return voiding(store_.count_call());
    }
    Result<void> writable() {
        if (access_ == Access::Read) {
            return voiding(Error(ErrorCode::InvalidArgument, "store: a read transaction"));
        }
        return {};
    }
    Result<void> voiding(Result<void> result) {
        void_ = void_ || !result.ok();
        return result;
    }
    static Result<void> check(Collection collection, const Query& query) {
        TRY(check_limit(query.limit));
        for (const IndexValue& entry : query.where) {
            TRY(required_index(collection, entry.index));
        }
        return {};
    }

    MemoryStore& store_;
    Access access_;
    MemoryStore::Tables tables_;
    bool void_ = false;
};

Result<void> MemoryStore::count_call() {
    ++calls_;
    if (fail_at_ != 0 && --fail_at_ == 0) {
        return Error(ErrorCode::Io, "store: injected failure");
    }
    return {};
}

Result<std::unique_ptr<Transaction>> MemoryStore::begin(Access access, Durability) {
    if (open_) {
        return Error(ErrorCode::Conflict, "store: a transaction is open");
    }
    TRY(count_call());
    open_ = true;
    return std::unique_ptr<Transaction>(std::make_unique<MemoryTransaction>(*this, access));
}

Result<void> MemoryStore::submit(Work work) {
    if (open_ || submitted_) {
        return Error(ErrorCode::Conflict, "store: a transaction is open");
    }
    const auto run = [&]() -> Result<void> {
        auto transaction = TRY(begin(Access::Write, Durability::Written));
        TRY(work(*transaction));
        return transaction->commit();
    };
    submitted_ = run();
    return {};
}

std::optional<Result<void>> MemoryStore::submitted() {
    return std::exchange(submitted_, std::nullopt);
}

}  // namespace countersign::store
