// One suite for every backend, then what only SQLite or only the double can show.
#include "store/store.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "store/memory.h"
#include "store/sqlite/sqlite_store.h"

namespace countersign::store {
namespace {

class Directory {
public:
    Directory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

class Conformance : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override { reopen(); }
    void reopen() {
        if (std::string_view(GetParam()) == "memory") {
            if (!store_) {
                store_ = std::make_unique<MemoryStore>();
            }
            return;
        }
        store_.reset();
        auto opened = open_sqlite(directory_.file("store.db"));
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        store_ = opened.take();
    }
    void add(std::string_view key, std::string_view value, std::string_view state) {
        const auto done = put(*store_, Durability::Written, Collection::Actions, key, value,
                              {{"state", state}, {"created", value}});
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static std::string keys(const std::vector<Document>& documents) {
        std::string out;
        for (const Document& document : documents) {
            out += document.key + " ";
        }
        return out;
    }
    std::string found(const Query& query) {
        auto documents = find(*store_, Collection::Actions, query);
        return documents.ok() ? keys(documents.value()) : documents.error().message;
    }
    std::unique_ptr<Transaction> begin(Access access = Access::Write,
                                       Durability durability = Durability::Written) {
        auto transaction = store_->begin(access, durability);
        EXPECT_TRUE(transaction.ok());
        return transaction.ok() ? transaction.take() : nullptr;
    }

    Directory directory_;
    std::unique_ptr<Store> store_;
};

TEST_P(Conformance, KeepsWhatWasCommittedAndOnlyThat) {
    {
        const auto transaction = begin(Access::Write, Durability::Synced);
        ASSERT_TRUE(transaction->put(Collection::Meta, "a", "1", {}).ok());
        ASSERT_TRUE(transaction->put(Collection::Meta, "a", "2", {}).ok());
        EXPECT_EQ(transaction->get(Collection::Meta, "a").take(), "2");
        ASSERT_TRUE(transaction->commit().ok());
    }
    {
        const auto transaction = begin();
        ASSERT_TRUE(transaction->put(Collection::Meta, "a", "3", {}).ok());
        ASSERT_TRUE(transaction->put(Collection::Meta, "b", "3", {}).ok());
        EXPECT_EQ(transaction->erase(Collection::Meta, "a").take(), true);
        EXPECT_EQ(transaction->erase(Collection::Meta, "none").take(), false);
    }
    reopen();
    EXPECT_EQ(get(*store_, Collection::Meta, "a").take(), "2");
    EXPECT_EQ(get(*store_, Collection::Meta, "b").take(), std::nullopt);
    EXPECT_EQ(get(*store_, Collection::Rules, "a").take(), std::nullopt);
}

TEST_P(Conformance, PagesInTheOrderOfKeys) {
    for (const char* key : {"d", "b", "a", "c", "e"}) {
        add(key, key, "open");
    }
    EXPECT_EQ(found({.limit = 2}), "a b ");
    EXPECT_EQ(found({.after = "b", .limit = 2}), "c d ");
    EXPECT_EQ(found({.order = Order::Descending, .limit = 2}), "e d ");
    EXPECT_EQ(found({.after = "b", .order = Order::Descending, .limit = 2}), "a ");
    std::string all;
    const auto transaction = begin(Access::Read);
    ASSERT_TRUE(for_each(*transaction, Collection::Actions, {.limit = 2},
                         [&](const Document& document) -> Result<void> {
                             all += document.key;
                             return {};
                         })
                    .ok());
    EXPECT_EQ(all, "abcde");
}

TEST_P(Conformance, FindsByIndexesAndContents) {
    add("a", "{\"x\":\"rm -rf\"}", "open");
    add("b", "{\"x\":\"ls\"}", "open");
    add("c", "{\"x\":\"rm\"}", "done");
    EXPECT_EQ(found({.where = {{"state", "open"}}}), "a b ");
    EXPECT_EQ(found({.where = {{"state", "open"}}, .contains = "rm"}), "a ");
    EXPECT_EQ(found({.contains = "rm"}), "a c ");
    EXPECT_EQ(found({.where = {{"state", ""}}}), "");
    add("a", "{}", "done");
    EXPECT_EQ(found({.where = {{"state", "done"}}}), "a c ");
    const auto transaction = begin(Access::Read);
    EXPECT_EQ(transaction->count(Collection::Actions, {.where = {{"state", "done"}}}).take(), 2);
    EXPECT_EQ(transaction->count(Collection::Actions, {}).take(), 3);
}

TEST_P(Conformance, ErasesFromAKeyUpToAnother) {
    const auto left = [this](std::string_view least, std::string_view below) {
        for (const char* key : {"a", "b", "ba", "c", "d"}) {
            add(key, key, "open");
        }
        auto transaction = begin();
        EXPECT_TRUE(transaction->erase_range(Collection::Actions, least, below).ok());
        EXPECT_TRUE(transaction->commit().ok());
        transaction.reset();
        return keys(begin(Access::Read)->find(Collection::Actions, {}).take());
    };
    EXPECT_EQ(left("b", "c"), "a c d ");
    EXPECT_EQ(left("ba", ""), "a b ");
    EXPECT_EQ(left("c", "b"), "a b ba c d ");
    EXPECT_EQ(left("", ""), "");
    EXPECT_FALSE(begin(Access::Read)->erase_range(Collection::Actions, "", "").ok());
}

TEST_P(Conformance, FindsRanges) {
    add("a", "2026", "open");
    add("b", "2024", "open");
    add("c", "2025", "open");
    const auto transaction = begin(Access::Read);
    EXPECT_EQ(keys(transaction->find_range(Collection::Actions, {.index = "created"}).take()),
              "b c a ");
    EXPECT_EQ(
        keys(transaction->find_range(Collection::Actions, {.index = "created", .below = "2026"})
                 .take()),
        "b c ");
    EXPECT_EQ(
        keys(transaction
                 ->find_range(
                     Collection::Actions,
                     {.index = "created", .least = "2025", .order = Order::Descending, .limit = 1})
                 .take()),
        "a ");
}

TEST_P(Conformance, RefusesWhatIsOutOfBoundsAndVoidsTheTransaction) {
    const struct {
        const char* what;
        std::string key;
        std::string value;
        std::vector<IndexValue> index;
    } bad[] = {{"empty key", "", "1", {}},
               {"long key", std::string(kKeyBytesMax + 1, 'k'), "1", {}},
               {"long value", "k", std::string(kDocumentBytesMax + 1, 'v'), {}},
               {"undeclared index", "k", "1", {{"nonsense", "x"}}}};
    for (const auto& document : bad) {
        const auto transaction = begin();
        ASSERT_TRUE(transaction->put(Collection::Rules, "before", "1", {}).ok());
        EXPECT_FALSE(
            transaction->put(Collection::Rules, document.key, document.value, document.index).ok())
            << document.what;
        EXPECT_FALSE(transaction->commit().ok()) << document.what;
    }
    EXPECT_EQ(get(*store_, Collection::Rules, "before").take(), std::nullopt);
    EXPECT_EQ(find(*store_, Collection::Rules, {.limit = 0}).error().code,
              ErrorCode::LimitExceeded);
    EXPECT_EQ(find(*store_, Collection::Rules, {.limit = 100'000}).error().code,
              ErrorCode::LimitExceeded);
    EXPECT_EQ(find(*store_, Collection::Rules, {.where = {{"key", "x"}}}).error().code,
              ErrorCode::InvalidArgument);
}

TEST_P(Conformance, OneTransactionAtATimeAndReadersDoNotWrite) {
    const auto transaction = begin(Access::Read);
    EXPECT_EQ(store_->begin(Access::Read, Durability::Written).error().code, ErrorCode::Conflict);
    EXPECT_EQ(transaction->put(Collection::Meta, "a", "1", {}).error().code,
              ErrorCode::InvalidArgument);
}

TEST_P(Conformance, BytesComeBackAsTheyWere) {
    const std::string odd("a\0b'\"%_\xC3\xA9", 9);
    ASSERT_TRUE(put(*store_, Durability::Synced, Collection::Sessions, "k'; DROP TABLE c_meta; --",
                    odd, {{"state", "x' OR '1'='1"}})
                    .ok());
    reopen();
    EXPECT_EQ(get(*store_, Collection::Sessions, "k'; DROP TABLE c_meta; --").take(), odd);
    EXPECT_EQ(find(*store_, Collection::Sessions, {.where = {{"state", "active"}}}).take().size(),
              0U);
}

TEST_P(Conformance, WhatIsSubmittedIsSeenByWhoeverBeginsNext) {
    std::string key = "later";
    ASSERT_TRUE(store_
                    ->submit([key](Transaction& transaction) {
                        return transaction.put(Collection::Meta, key, "1", {});
                    })
                    .ok());
    key = "now";
    ASSERT_TRUE(put(*store_, Durability::Written, Collection::Meta, key, "2", {}).ok());
    EXPECT_EQ(get(*store_, Collection::Meta, "later").take(), "1");
    EXPECT_EQ(store_->submit([](Transaction&) -> Result<void> { return {}; }).error().code,
              ErrorCode::Conflict)
        << "nobody took the result of the one before";
    store_->wait_submitted();
    const auto result = store_->submitted();
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->ok());
    EXPECT_FALSE(store_->submitted().has_value());
}

TEST_P(Conformance, WhatIsSubmittedAndFailsChangesNothing) {
    ASSERT_TRUE(store_
                    ->submit([](Transaction& transaction) -> Result<void> {
                        TRY(transaction.put(Collection::Meta, "half", "1", {}));
                        return Error(ErrorCode::Corrupt, "as told");
                    })
                    .ok());
    store_->wait_submitted();
    EXPECT_EQ(store_->submitted()->error().message, "as told");
    EXPECT_EQ(get(*store_, Collection::Meta, "half").take(), std::nullopt);
}

TEST_P(Conformance, NothingIsSubmittedBesideAnOpenTransaction) {
    auto transaction = begin();
    EXPECT_EQ(store_->submit([](Transaction&) -> Result<void> { return {}; }).error().code,
              ErrorCode::Conflict);
    EXPECT_FALSE(store_->submitted().has_value());
}

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::Values("memory", "sqlite"));

TEST(MemoryStore, FailsTheNthCallAndNothingOfIt) {
    for (std::size_t n = 1; n <= 4; ++n) {
        MemoryStore store;
        store.fail_call(n);
        const auto done = put(store, Durability::Synced, Collection::Meta, "a", "1", {});
        EXPECT_EQ(done.ok(), n == 4) << n;
        store.fail_call(0);
        EXPECT_EQ(get(store, Collection::Meta, "a").take().has_value(), n == 4) << n;
    }
}

TEST(SqliteStore, TwoGatewaysOnOneStoreAreRefused) {
    const Directory directory;
    const auto first = open_sqlite(directory.file("store.db"));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(open_sqlite(directory.file("store.db")).error().code, ErrorCode::Conflict);
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(SqliteStore, ForeignFilesAreRefusedAndLeftUntouched) {
    const Directory directory;
    const std::string text = directory.file("text.db");
    std::ofstream(text) << std::string(5000, 'x');
    EXPECT_EQ(open_sqlite(text).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(content(text), std::string(5000, 'x'));

    const std::string other = directory.file("other.db");
    {
        auto store = open_sqlite(other);
        ASSERT_TRUE(store.ok());
    }
    // Byte 68 of an SQLite file is its application id.
    std::fstream(other, std::ios::in | std::ios::out | std::ios::binary).seekp(68) << "Else";
    const std::string before = content(other);
    EXPECT_EQ(open_sqlite(other).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(content(other), before);
}

TEST(SqliteStore, NewerSchemaIsRefused) {
    const Directory directory;
    const std::string path = directory.file("store.db");
    {
        auto store = open_sqlite(path);
        ASSERT_TRUE(store.ok());
    }
    // Bytes 60..63 are the user version.
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(63).put(99);
    EXPECT_EQ(open_sqlite(path).error().code, ErrorCode::Unsupported);
}

TEST(SqliteStore, DamagedPagesAreFoundAtStart) {
    const Directory directory;
    const std::string path = directory.file("store.db");
    {
        auto store = open_sqlite(path);
        ASSERT_TRUE(store.ok());
        for (int i = 0; i < 200; ++i) {
            ASSERT_TRUE(put(*store.value(), Durability::Written, Collection::Rules,
                            std::to_string(i), std::string(200, 'v'), {{"state", "active"}})
                            .ok());
        }
    }
    const auto size = std::filesystem::file_size(path);
    std::fstream damaged(path, std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(static_cast<std::streamoff>(size) - 8000) << std::string(8000, '\xFF');
    damaged.flush();
    EXPECT_FALSE(open_sqlite(path).ok());
}

TEST(SqliteStore, SymbolicLinksAreNotFollowed) {
    const Directory directory;
    std::filesystem::create_symlink(directory.file("elsewhere"), directory.file("store.db"));
    EXPECT_FALSE(open_sqlite(directory.file("store.db")).ok());
    EXPECT_FALSE(std::filesystem::exists(directory.file("elsewhere")));
}

}  // namespace
}  // namespace countersign::store
