#include "store/store.h"

#include "base/limits.h"
#include "store/checks.h"

namespace countersign::store {

std::optional<std::size_t> index_position(Collection collection, std::string_view index) {
    const auto& indexes = schema_of(collection).indexes;
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        if (!index.empty() && indexes[i] == index) {
            return i;
        }
    }
    return std::nullopt;
}

Result<std::optional<std::string>> get(Store& store, Collection collection, std::string_view key) {
    const auto transaction = TRY(store.begin(Access::Read, Durability::Written));
    return transaction->get(collection, key);
}

Result<void> put(Store& store, Durability durability, Collection collection, std::string_view key,
                 std::string_view value, const std::vector<IndexValue>& index) {
    const auto transaction = TRY(store.begin(Access::Write, durability));
    TRY(transaction->put(collection, key, value, index));
    return transaction->commit();
}

Result<std::vector<Document>> find(Store& store, Collection collection, const Query& query) {
    const auto transaction = TRY(store.begin(Access::Read, Durability::Written));
    return transaction->find(collection, query);
}

Result<void> for_each(Transaction& transaction, Collection collection, Query query,
                      const std::function<Result<void>(const Document&)>& visit) {
    std::string cursor(query.after);
    for (;;) {
        query.after = cursor;
        const std::vector<Document> page = TRY(transaction.find(collection, query));
        for (const Document& document : page) {
            TRY(visit(document));
        }
        if (page.size() < query.limit) {
            return {};
        }
        cursor = page.back().key;
    }
}

Result<void> check_document(Collection collection, std::string_view key, std::string_view value,
                            const std::vector<IndexValue>& index) {
    if (key.empty() || key.size() > kKeyBytesMax) {
        return Error(ErrorCode::LimitExceeded,
                     "store: a key must have 1 to " + std::to_string(kKeyBytesMax) + " bytes");
    }
    if (value.size() > kDocumentBytesMax) {
        return Error(ErrorCode::LimitExceeded, "store: document too large");
    }
    for (const IndexValue& entry : index) {
        if (!index_position(collection, entry.index)) {
            return Error(ErrorCode::InvalidArgument, "store: no index " + std::string(entry.index) +
                                                         " in " +
                                                         std::string(schema_of(collection).name));
        }
    }
    return {};
}

Result<void> check_limit(std::size_t limit) {
    if (limit == 0 || limit > limits::kPageEntriesMax) {
        return Error(
            ErrorCode::LimitExceeded,
            "store: a page has 1 to " + std::to_string(limits::kPageEntriesMax) + " entries");
    }
    return {};
}

Result<std::size_t> required_index(Collection collection, std::string_view index) {
    const auto position = index_position(collection, index);
    if (!position) {
        return Error(ErrorCode::InvalidArgument, "store: no index " + std::string(index) + " in " +
                                                     std::string(schema_of(collection).name));
    }
    return *position;
}

}  // namespace countersign::store
