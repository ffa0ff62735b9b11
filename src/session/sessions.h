// Agent sessions: who asks, on whose behalf, within which bounds, until when. A session's token is
// random, stored as a digest only, and dies with the session. A delegated session is never wider
// than its parent in any respect, and ends no later and no less surely than it.
//
// Time: a session is over when the wall clock passes its end, or when as much monotonic time has
// gone by since it was opened or loaded; so a clock set back prolongs nothing.
//
// Not thread safe. Lifetime: store, clock and random must outlive it. Every change is committed to
// the store before it shows here; after an error nothing has changed, except that ends, revocations
// and expiries hold in memory at once, since a full disk must not keep a revoked token alive.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "model/session.h"
#include "store/store.h"

namespace countersign::session {

/// Bounds of a lifetime: long enough to start a program, short enough that no long-lived agent
/// token exists.
inline constexpr Duration kLifetimeMin = std::chrono::seconds(1);
inline constexpr Duration kLifetimeMax = std::chrono::hours(24 * 7);

/// What a child session may ask for. All else it inherits from its parent. The agent's type must be
/// the parent's (or empty, which means the same): rules are scoped by type, so another type would
/// let a compromised agent pick the rules that it is judged by.
struct DelegationRequest {
    model::AgentIdentity agent;
    std::string purpose;
    Duration lifetime = std::chrono::hours(1);  ///< cut to the parent's end
    std::optional<model::Tier> ceiling;         ///< nullopt: the parent's; never higher
    std::optional<std::string> workspace;       ///< the parent's or below it; nullopt: the parent's
};

class Sessions {
    /// Keeps construction to open() while std::make_unique stays usable.
    struct Key {};

public:
    Sessions(Key, store::Store& store, Clock& clock, Random& random)
        : store_(store), clock_(clock), random_(random) {}

    /// Loads the active sessions. Errors: the store's; Corrupt when a stored session cannot be
    /// read (nothing is skipped).
    static Result<std::unique_ptr<Sessions>> open(store::Store& store, Clock& clock,
                                                  Random& random);

    /// Opens a root session. InvalidArgument: a member out of bounds (names, absolute workspace,
    /// lifetime, ceiling Forbidden); LimitExceeded: limits::kSessionsMax are active.
    Result<model::SessionGrant> start(const model::SessionRequest& request);

    /// The session whose token this is. Unauthenticated: malformed, unknown, ended, revoked or
    /// expired - one message for all, which tells a guesser nothing. Costs one SHA-256, no I/O.
    Result<model::Session> authenticate(std::string_view token);

    /// Opens a child. `parent` is a session id; the caller has authenticated it. PermissionDenied:
    /// wider than the parent in any respect; NotFound or Unauthenticated: the parent is unknown or
    /// not active; LimitExceeded: limits::kDelegationDepthMax, kSessionsMax.
    Result<model::SessionGrant> delegate(std::string_view parent, const DelegationRequest& request);

    /// Ends the session and all its descendants; gives those that were active, the named one first.
    /// A session that is over already gives an empty list. NotFound: no such session. The store's
    /// errors: the tokens are dead in memory all the same; the next call of end, revoke or expire
    /// stores it and gives these sessions as well.
    Result<std::vector<model::Session>> end(std::string_view id);
    Result<std::vector<model::Session>> revoke(std::string_view id);

    /// Marks what has run out as expired, and gives it with its descendants. To be called now and
    /// then; authenticate() does not depend on it.
    Result<std::vector<model::Session>> expire();
    /// When the next session runs out; nullopt: none is active. For the caller's timer.
    [[nodiscard]] std::optional<Instant> next_expiry() const;

    /// Notes the root of the supervised process tree. NotFound, Conflict (not active).
    Result<void> set_process(std::string_view id, int process_id);

    /// Any session, active or past; nullopt: never existed.
    Result<std::optional<model::Session>> find(std::string_view id);
    /// Pages by key; the order of ids means nothing. `state` nullopt: all.
    Result<std::vector<model::Session>> list(std::optional<model::SessionState> state,
                                             std::string_view after, std::size_t limit);
    /// Active descendants of a session, itself excluded.
    [[nodiscard]] std::vector<std::string> descendants(std::string_view id) const;
    [[nodiscard]] std::size_t active_count() const { return active_.size(); }
    /// Whether this session is active now.
    bool active(std::string_view id);

private:
    struct Entry {
        model::Session session;
        crypto::Digest token;
        Duration deadline{};  ///< monotonic
    };
    Result<void> load();
    Result<void> adopt(const std::string& document);
    Result<model::SessionGrant> admit(model::Session session, Duration lifetime, Instant bound);
    Result<std::vector<model::Session>> close_tree(std::string_view root,
                                                   model::SessionState state);
    void close_in_memory(std::string_view root, model::SessionState state);
    Result<std::vector<model::Session>> store_closed();
    bool over(const Entry& entry);
    const Entry* usable(std::string_view id);

    store::Store& store_;
    Clock& clock_;
    Random& random_;
    std::map<std::string, Entry, std::less<>> active_;
    std::map<crypto::Digest, std::string> by_token_;
    std::vector<Entry> unsaved_;  ///< closed in memory, not yet in the store
};

}  // namespace countersign::session
