// Requests for consent: an action waits until enough distinct people, none of them the requester,
// have signed for exactly it; one denial ends it; silence is denial; consent is used once.
//
//   Pending -> Granted -> Used
//      |          +----> Expired   (not used in time)
//      +-> Denied | Expired        (final)
//
// The transitions stand in one table in approvals.cc. A frozen request takes no votes and cannot be
// used; its time runs on.
//
// Not thread safe. Lifetime: store, clock and approvers must outlive it. A change is committed to
// the store before it shows; after an error nothing has changed (so a grant whose commit failed is
// no grant). Denials and expiries hold in memory at once even if the store fails.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approvers.h"
#include "base/result.h"
#include "base/time.h"
#include "model/names.h"
#include "model/vote.h"
#include "store/store.h"

namespace countersign::approval {

inline constexpr Duration kTimeLimitDefault = std::chrono::seconds(60);
inline constexpr Duration kTimeLimitMin = std::chrono::seconds(30);
inline constexpr Duration kTimeLimitMax = std::chrono::hours(24);
/// Most people a policy may ask for.
inline constexpr int kQuorumMax = 16;
/// How far a voter's clock may differ from ours.
inline constexpr Duration kVoteClockSkew = std::chrono::minutes(5);
/// Namespace of the votes' SSHSIG.
inline constexpr std::string_view kVoteNamespace = "countersign-vote@v1";

enum class ConsentState { Pending, Granted, Denied, Expired, Used };

inline constexpr std::array<std::string_view, 5> kConsentStateNames = {"pending", "granted",
                                                                       "denied", "expired", "used"};

constexpr std::string_view consent_state_name(ConsentState state) {
    return model::name_in(kConsentStateNames, state);
}

struct Consent {
    std::string action;         ///< action id
    std::string action_digest;  ///< what the votes sign
    std::string session;
    /// Names that never count: the requester (agent id, session ids of its whole delegation chain)
    /// and whoever else the gate names.
    std::vector<std::string> excluded;
    int approvals = 1;  ///< quorum, 1 .. kQuorumMax
    ConsentState state = ConsentState::Pending;
    bool frozen = false;
    Instant created;
    /// Pending: when silence becomes denial. Granted: until when it can be used.
    Instant expires;
    Duration time_limit = kTimeLimitDefault;
    std::vector<model::Vote> votes;  ///< accepted ones, in order
    std::string reason;              ///< why Denied or Expired; one sentence

    bool operator==(const Consent&) const = default;
    /// Approvals so far.
    [[nodiscard]] int votes_for() const;
};

struct ConsentRequest {
    std::string action;
    std::string action_digest;
    std::string session;
    std::vector<std::string> excluded;
    int approvals = 1;
    Duration time_limit = kTimeLimitDefault;
};

/// Checks a vote's form, signature and fit to one action, without any state: also what an offline
/// verifier does. Malformed; PermissionDenied (signature, or made by another key); Conflict (for
/// another action or digest).
Result<void> check_vote(const model::Vote& vote, const model::Approver& approver,
                        std::string_view action, std::string_view action_digest);

class Approvals {
    /// Keeps construction to open() while std::make_unique stays usable.
    struct Key {};

public:
    Approvals(Key, store::Store& store, Clock& clock, const Approvers& approvers)
        : store_(store), clock_(clock), approvers_(approvers) {}

    /// Loads what is Pending or Granted; what ran out while the gateway was away is Expired.
    static Result<std::unique_ptr<Approvals>> open(store::Store& store, Clock& clock,
                                                   const Approvers& approvers);

    /// InvalidArgument: a bound passed; AlreadyExists: the action has one; LimitExceeded:
    /// limits::kPendingActionsMax in all or kPendingPerSessionMax for the session (a full queue
    /// denies).
    Result<Consent> request(const ConsentRequest& request);

    /// Counts a vote and gives the request after it. Unauthenticated: not an active approver;
    /// PermissionDenied: bad signature, or an excluded person; Conflict: another action or digest,
    /// not pending, frozen, or has voted already (a denial after an approval still counts);
    /// TimedOut: outside its time window; NotFound: no such request. A refused vote changes
    /// nothing.
    Result<Consent> vote(const model::Vote& vote);

    /// Granted -> Used, durable when this returns. Conflict: not granted, used already, frozen;
    /// PermissionDenied: another digest, or an approver was removed since; TimedOut: granted too
    /// long ago; NotFound.
    Result<Consent> use(std::string_view action, std::string_view action_digest);

    /// Denies a pending or granted request (session revoked, caller gone). Conflict when final.
    Result<Consent> deny(std::string_view action, std::string_view reason);
    /// Denies all open requests of a session and gives them.
    Result<std::vector<Consent>> deny_session(std::string_view session, std::string_view reason);
    /// Freezes or thaws all open requests of a session; gives those that changed.
    Result<std::vector<Consent>> freeze_session(std::string_view session);
    Result<std::vector<Consent>> thaw_session(std::string_view session);

    /// Expires what ran out and gives it.
    Result<std::vector<Consent>> expire();
    /// When the next open request runs out, for the caller's timer.
    [[nodiscard]] std::optional<Instant> next_expiry() const;

    /// Any request, open or past.
    Result<std::optional<Consent>> find(std::string_view action);
    /// Open ones (Pending, then Granted), in order of creation.
    [[nodiscard]] std::vector<Consent> open_requests() const;
    [[nodiscard]] std::size_t pending_count() const;

private:
    struct Entry {
        Consent consent;
        Duration deadline{};  ///< monotonic; a clock set back prolongs nothing
    };
    Result<void> load();
    Result<void> adopt(const std::string& document);
    Result<void> save(const Consent& consent, store::Durability durability);
    Result<void> admit_vote(const Consent& consent, const model::Vote& vote);
    Result<Consent> advance(Entry& entry, Consent next, store::Durability durability);
    void close_in_memory(std::string_view action, ConsentState state, std::string_view reason);
    Result<std::vector<Consent>> store_closed();
    Result<std::vector<Consent>> set_frozen(std::string_view session, bool frozen);
    Result<Entry*> open_entry(std::string_view action);
    bool over(const Entry& entry);

    store::Store& store_;
    Clock& clock_;
    const Approvers& approvers_;
    std::map<std::string, Entry, std::less<>> open_;
    std::vector<Consent> unsaved_;  ///< closed in memory, not yet in the store
};

}  // namespace countersign::approval
