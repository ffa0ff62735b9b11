// The people who may vote: names with their public keys. A name and a key are each enrolled once,
// so that no one counts as two people.
//
// Not thread safe. Lifetime: the store must outlive it. After an error nothing has changed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/vote.h"
#include "store/store.h"

namespace countersign::approval {

/// Most people that can be enrolled; a name list that a person can still review.
inline constexpr std::size_t kApproversMax = 1000;

class Approvers {
    /// Keeps construction to open() while std::make_unique stays usable.
    struct Key {};

public:
    Approvers(Key, store::Store& store, Clock& clock) : store_(store), clock_(clock) {}

    /// Errors: the store's; Corrupt when a stored approver cannot be read.
    static Result<std::unique_ptr<Approvers>> open(store::Store& store, Clock& clock);

    /// InvalidArgument: the name holds anything but ASCII letters, digits and "._@+-", or is longer
    /// than 64 bytes; Malformed: the key; AlreadyExists: the name is active (compared without case)
    /// or the key belongs or belonged to another name; LimitExceeded.
    Result<model::Approver> enrol(std::string_view name, std::string_view public_key_line);
    /// Makes inactive: new votes are refused, and given ones no longer count for what still waits.
    /// NotFound. The store's errors: it holds in memory all the same.
    Result<model::Approver> remove(std::string_view name);

    [[nodiscard]] std::optional<model::Approver> find(std::string_view name) const;
    [[nodiscard]] std::vector<model::Approver> list() const;
    /// How many are active.
    [[nodiscard]] std::size_t active_count() const;

private:
    Result<void> save(const model::Approver& approver);

    store::Store& store_;
    Clock& clock_;
    std::map<std::string, model::Approver, std::less<>> by_name_;
};

/// Whether two names mean one person: equal but for ASCII case. A principal "alice" and an approver
/// "Alice" are the same.
bool same_person(std::string_view a, std::string_view b);

}  // namespace countersign::approval
