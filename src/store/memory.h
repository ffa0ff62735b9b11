// A store in memory: for simulations and tests, and hostile when told so. It keeps what was
// committed and nothing else, checks what SQLite checks, and can fail the n-th call. It passes the
// same conformance suite as store/sqlite.
//
// Not thread safe. Lifetime: transactions must not outlive it.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>

#include "store/store.h"

namespace countersign::store {

class MemoryStore final : public Store {
public:
    struct Row {
        std::string value;
        std::array<std::optional<std::string>, kIndexesMax> index;
    };
    using Table = std::map<std::string, Row, std::less<>>;
    using Tables = std::array<Table, kSchema.size()>;

    Result<std::unique_ptr<Transaction>> begin(Access access, Durability durability) override;
    /// Done when it returns, so that nothing here depends on the speed of a thread.
    Result<void> submit(Work work) override;
    std::optional<Result<void>> submitted() override;
    void wait_submitted() override {}

    /// The n-th call from now on (1 = the next; begin, get, put, ..., commit each count) fails with
    /// Io and has no effect; 0: none fails. Later calls work again.
    void fail_call(std::size_t n) { fail_at_ = n; }
    /// Calls seen since the start; to know how many n there are to try.
    [[nodiscard]] std::size_t calls() const { return calls_; }

private:
    friend class MemoryTransaction;
    Result<void> count_call();

    Tables committed_;
    bool open_ = false;
    std::optional<Result<void>> submitted_;
    std::size_t calls_ = 0;
    std::size_t fail_at_ = 0;
};

}  // namespace countersign::store
