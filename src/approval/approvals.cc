#include "approval/approvals.h"

#include <algorithm>

#include "approval/consent_codec.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/sshsig.h"
#include "text/utf8.h"

namespace countersign::approval {
namespace {

constexpr std::size_t kExcludedMax = 256;

/// Every step that a request can take; anything else is refused.
struct Transition {
    ConsentState from;
    ConsentState to;
};
constexpr std::array<Transition, 6> kTransitions = {{
    {ConsentState::Pending, ConsentState::Granted},
    {ConsentState::Pending, ConsentState::Denied},
    {ConsentState::Pending, ConsentState::Expired},
    {ConsentState::Granted, ConsentState::Used},
    {ConsentState::Granted, ConsentState::Denied},
    {ConsentState::Granted, ConsentState::Expired},
}};

bool allowed(ConsentState from, ConsentState to) {
    return std::any_of(kTransitions.begin(), kTransitions.end(),
                       [&](const Transition& t) { return t.from == from && t.to == to; });
}

bool is_open(ConsentState state) {
    return state == ConsentState::Pending || state == ConsentState::Granted;
}

Error conflict(const Consent& consent) {
    return {ErrorCode::Conflict,
            "action " + consent.action + " is " + std::string(consent_state_name(consent.state))};
}

Error frozen_error(const Consent& consent) {
    return {ErrorCode::Conflict, "action " + consent.action + " is frozen"};
}

Result<void> check(const ConsentRequest& request) {
    const auto invalid = [](std::string_view what) {
        return Error(ErrorCode::InvalidArgument, "request for consent: " + std::string(what));
    };
    if (request.action.empty() || request.action.size() > limits::kNameBytesMax ||
        request.session.size() > limits::kNameBytesMax) {
        return invalid("a name is empty or too long");
    }
    if (!crypto::Digest::parse(request.action_digest)) {
        return invalid("the action's digest is no digest");
    }
    if (request.approvals < 1 || request.approvals > kQuorumMax) {
        return invalid("a quorum is 1 to " + std::to_string(kQuorumMax));
    }
    if (request.time_limit < kTimeLimitMin || request.time_limit > kTimeLimitMax) {
        return invalid("a time limit is " + format_duration(kTimeLimitMin) + " to " +
                       format_duration(kTimeLimitMax));
    }
    const auto too_long = [](const std::string& name) {
        return name.size() > limits::kNameBytesMax;
    };
    if (request.excluded.size() > kExcludedMax ||
        std::any_of(request.excluded.begin(), request.excluded.end(), too_long)) {
        return invalid("too many or too long excluded names");
    }
    return {};
}

bool has_voted(const Consent& consent, std::string_view approver) {
    return std::any_of(consent.votes.begin(), consent.votes.end(), [&](const model::Vote& vote) {
        return same_person(vote.approver, approver);
    });
}

/// Approvals of people who are still enrolled with the key that signed: whoever was removed while
/// the request waits no longer counts.
int valid_approvals(const Consent& consent, const Approvers& approvers) {
    int count = 0;
    for (const model::Vote& vote : consent.votes) {
        const auto approver = approvers.find(vote.approver);
        if (vote.ballot == model::Ballot::Approve && approver && approver->active &&
            check_vote(vote, *approver, consent.action, consent.action_digest).ok()) {
            ++count;
        }
    }
    return count;
}

}  // namespace

int Consent::votes_for() const {
    return static_cast<int>(std::count_if(votes.begin(), votes.end(), [](const model::Vote& vote) {
        return vote.ballot == model::Ballot::Approve;
    }));
}

Result<void> check_vote(const model::Vote& vote, const model::Approver& approver,
                        std::string_view action, std::string_view action_digest) {
    if (vote.approver != approver.name) {
        return Error(ErrorCode::PermissionDenied, "the vote names another person");
    }
    if (vote.action != action) {
        return Error(ErrorCode::Conflict, "the vote is for another action");
    }
    if (vote.action_digest != action_digest) {
        return Error(ErrorCode::Conflict, "the vote is for another text of this action",
                     "look at the action again and vote anew");
    }
    if (vote.comment.size() > limits::kCommentBytesMax) {
        return Error(ErrorCode::Malformed, "the vote's comment is too long");
    }
    const crypto::PublicKey key = TRY(crypto::PublicKey::from_line(approver.public_key));
    return crypto::sshsig_verify(key, vote.signature, kVoteNamespace, model::vote_statement(vote));
}

Result<std::unique_ptr<Approvals>> Approvals::open(store::Store& store, Clock& clock,
                                                   const Approvers& approvers) {
    auto approvals = std::make_unique<Approvals>(Key(), store, clock, approvers);
    TRY(approvals->load());
    TRY(approvals->expire());
    return approvals;
}

Result<void> Approvals::load() {
    const auto transaction = TRY(store_.begin(store::Access::Read, store::Durability::Written));
    for (const ConsentState state : {ConsentState::Pending, ConsentState::Granted}) {
        store::Query query;
        query.where = {{"state", consent_state_name(state)}};
        TRY(store::for_each(
            *transaction, store::Collection::Consents, query,
            [this](const store::Document& document) { return adopt(document.value); }));
    }
    return {};
}

Result<void> Approvals::adopt(const std::string& document) {
    Entry entry;
    entry.consent = TRY(parse_consent(document));
    const Duration left =
        std::min(entry.consent.expires.since(clock_.now()), entry.consent.time_limit);
    entry.deadline = clock_.monotonic() + left;
    const std::string action = entry.consent.action;
    open_.insert_or_assign(action, std::move(entry));
    return {};
}

Result<void> Approvals::save(const Consent& consent, store::Durability durability) {
    return store::put(store_, durability, store::Collection::Consents, consent.action,
                      print_consent(consent),
                      {{"state", consent_state_name(consent.state)}, {"session", consent.session}});
}

bool Approvals::over(const Entry& entry) {
    return clock_.now() >= entry.consent.expires || clock_.monotonic() >= entry.deadline;
}

Result<Consent> Approvals::request(const ConsentRequest& request) {
    TRY(check(request));
    const std::optional<Consent> known = TRY(find(request.action));
    if (known) {
        return Error(ErrorCode::AlreadyExists, "action " + request.action + " was asked before");
    }
    const auto of_session = std::count_if(open_.begin(), open_.end(), [&](const auto& entry) {
        return entry.second.consent.session == request.session;
    });
    if (open_.size() >= limits::kPendingActionsMax ||
        static_cast<std::size_t>(of_session) >= limits::kPendingPerSessionMax) {
        return Error(ErrorCode::LimitExceeded, "too many actions wait for people",
                     "wait until some are answered");
    }
    Entry entry;
    Consent& consent = entry.consent;
    consent.action = request.action;
    consent.action_digest = request.action_digest;
    consent.session = request.session;
    consent.excluded = request.excluded;
    consent.approvals = request.approvals;
    consent.time_limit = request.time_limit;
    consent.created = clock_.now();
    consent.expires = consent.created.plus(request.time_limit);
    entry.deadline = clock_.monotonic() + request.time_limit;
    TRY(save(consent, store::Durability::Written));
    return open_.emplace(consent.action, std::move(entry)).first->second.consent;
}

Result<Approvals::Entry*> Approvals::open_entry(std::string_view action) {
    const auto found = open_.find(action);
    if (found != open_.end()) {
        return &found->second;
    }
    const std::optional<Consent> past = TRY(find(action));
    if (past) {
        return conflict(*past);
    }
    return Error(ErrorCode::NotFound, "no action " + text::visible(action, 80) + " waits");
}

Result<void> Approvals::admit_vote(const Consent& consent, const model::Vote& vote) {
    const auto approver = approvers_.find(vote.approver);
    if (!approver || !approver->active) {
        return Error(ErrorCode::Unauthenticated,
                     text::visible(vote.approver, 80) + " is not an enrolled approver");
    }
    TRY(check_vote(vote, *approver, consent.action, consent.action_digest));
    for (const std::string& name : consent.excluded) {
        if (same_person(name, vote.approver)) {
            return Error(ErrorCode::PermissionDenied,
                         vote.approver + " asked for this action and cannot vote on it");
        }
    }
    if (vote.time < consent.created.plus(-kVoteClockSkew) ||
        vote.time > clock_.now().plus(kVoteClockSkew)) {
        return Error(ErrorCode::TimedOut,
                     "the vote's time does not fit: " + format_instant(vote.time),
                     "check the clock of the machine that signed");
    }
    if (has_voted(consent, vote.approver) && vote.ballot == model::Ballot::Approve) {
        return Error(ErrorCode::Conflict, vote.approver + " has voted already");
    }
    return {};
}

Result<Consent> Approvals::vote(const model::Vote& vote) {
    Entry* entry = TRY(open_entry(vote.action));
    const Consent& consent = entry->consent;
    TRY(admit_vote(consent, vote));
    // A granted action that has not started can still be stopped, but not be granted again.
    if (consent.state != ConsentState::Pending && vote.ballot == model::Ballot::Approve) {
        return conflict(consent);
    }
    if (over(*entry)) {
        return Error(ErrorCode::TimedOut, "the time to vote on this action is over");
    }
    if (vote.ballot == model::Ballot::Deny) {
        entry->consent.votes.push_back(vote);
        close_in_memory(vote.action, ConsentState::Denied, vote.approver + " denied it");
        TRY(store_closed());
        const std::optional<Consent> denied = TRY(find(vote.action));
        CHECK(denied.has_value());
        return *denied;
    }
    if (consent.frozen) {
        return frozen_error(consent);
    }
    Consent next = consent;
    next.votes.push_back(vote);
    if (valid_approvals(next, approvers_) >= next.approvals) {
        next.state = ConsentState::Granted;
        next.expires = clock_.now().plus(next.time_limit);
    }
    return advance(*entry, std::move(next), store::Durability::Written);
}

Result<Consent> Approvals::use(std::string_view action, std::string_view action_digest) {
    Entry* entry = TRY(open_entry(action));
    const Consent& consent = entry->consent;
    if (consent.action_digest != action_digest) {
        return Error(ErrorCode::PermissionDenied, "consent was given for another action");
    }
    if (consent.state != ConsentState::Granted) {
        return conflict(consent);
    }
    if (consent.frozen) {
        return frozen_error(consent);
    }
    if (over(*entry)) {
        return Error(ErrorCode::TimedOut, "consent was not used in time");
    }
    // Between the last vote and the use lies a freeze, or a restart.
    if (valid_approvals(consent, approvers_) < consent.approvals) {
        return Error(ErrorCode::PermissionDenied,
                     "somebody who approved it is no approver any more");
    }
    Consent next = consent;
    next.state = ConsentState::Used;
    // Synced: after a power cut the same consent must not be used a second time.
    return advance(*entry, std::move(next), store::Durability::Synced);
}

Result<Consent> Approvals::advance(Entry& entry, Consent next, store::Durability durability) {
    CHECK(next.state == entry.consent.state || allowed(entry.consent.state, next.state));
    TRY(save(next, durability));
    if (next.state == ConsentState::Granted && entry.consent.state == ConsentState::Pending) {
        entry.deadline = clock_.monotonic() + next.time_limit;
    }
    entry.consent = next;
    if (!is_open(next.state)) {
        open_.erase(open_.find(next.action));
    }
    return next;
}

void Approvals::close_in_memory(std::string_view action, ConsentState state,
                                std::string_view reason) {
    auto node = open_.extract(open_.find(action));
    Consent& consent = node.mapped().consent;
    CHECK(allowed(consent.state, state));
    consent.state = state;
    consent.reason = std::string(reason);
    unsaved_.push_back(std::move(consent));
}

Result<std::vector<Consent>> Approvals::store_closed() {
    std::vector<Consent> closed;
    if (unsaved_.empty()) {
        return closed;
    }
    const auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Written));
    for (const Consent& consent : unsaved_) {
        TRY(transaction->put(
            store::Collection::Consents, consent.action, print_consent(consent),
            {{"state", consent_state_name(consent.state)}, {"session", consent.session}}));
    }
    TRY(transaction->commit());
    closed.swap(unsaved_);
    return closed;
}

Result<Consent> Approvals::deny(std::string_view action, std::string_view reason) {
    const Entry* entry = TRY(open_entry(action));
    Consent denied = entry->consent;
    denied.state = ConsentState::Denied;
    denied.reason = std::string(reason);
    close_in_memory(denied.action, ConsentState::Denied, reason);
    TRY(store_closed());
    return denied;
}

Result<std::vector<Consent>> Approvals::deny_session(std::string_view session,
                                                     std::string_view reason) {
    std::vector<std::string> actions;
    for (const auto& [action, entry] : open_) {
        if (entry.consent.session == session) {
            actions.push_back(action);
        }
    }
    for (const std::string& action : actions) {
        close_in_memory(action, ConsentState::Denied, reason);
    }
    return store_closed();
}

Result<std::vector<Consent>> Approvals::set_frozen(std::string_view session, bool frozen) {
    std::vector<Consent> changed;
    for (auto& [action, entry] : open_) {
        if (entry.consent.session == session && entry.consent.frozen != frozen) {
            changed.push_back(entry.consent);
            changed.back().frozen = frozen;
            // A freeze holds at once; a thaw only when it is stored.
            entry.consent.frozen = entry.consent.frozen || frozen;
        }
    }
    const auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Synced));
    for (const Consent& consent : changed) {
        TRY(transaction->put(
            store::Collection::Consents, consent.action, print_consent(consent),
            {{"state", consent_state_name(consent.state)}, {"session", consent.session}}));
    }
    TRY(transaction->commit());
    for (const Consent& consent : changed) {
        open_.find(consent.action)->second.consent.frozen = frozen;
    }
    return changed;
}

Result<std::vector<Consent>> Approvals::freeze_session(std::string_view session) {
    return set_frozen(session, true);
}

Result<std::vector<Consent>> Approvals::thaw_session(std::string_view session) {
    return set_frozen(session, false);
}

Result<std::vector<Consent>> Approvals::expire() {
    std::vector<std::string> actions;
    for (const auto& [action, entry] : open_) {
        if (over(entry)) {
            actions.push_back(action);
        }
    }
    for (const std::string& action : actions) {
        const bool granted = open_.find(action)->second.consent.state == ConsentState::Granted;
        close_in_memory(action, ConsentState::Expired,
                        granted ? "consent was not used in time" : "nobody answered in time");
    }
    return store_closed();
}

std::optional<Instant> Approvals::next_expiry() const {
    std::optional<Instant> next;
    for (const auto& [action, entry] : open_) {
        next = next ? std::min(*next, entry.consent.expires) : entry.consent.expires;
    }
    return next;
}

Result<std::optional<Consent>> Approvals::find(std::string_view action) {
    const auto found = open_.find(action);
    if (found != open_.end()) {
        return std::optional(found->second.consent);
    }
    for (const Consent& consent : unsaved_) {
        if (consent.action == action) {
            return std::optional(consent);
        }
    }
    if (action.empty() || action.size() > limits::kNameBytesMax) {
        return std::optional<Consent>();
    }
    const std::optional<std::string> document =
        TRY(store::get(store_, store::Collection::Consents, action));
    if (!document) {
        return std::optional<Consent>();
    }
    Consent consent = TRY(parse_consent(*document));
    return std::optional(std::move(consent));
}

std::vector<Consent> Approvals::open_requests() const {
    std::vector<Consent> out;
    for (const auto& [action, entry] : open_) {
        out.push_back(entry.consent);
    }
    std::sort(out.begin(), out.end(), [](const Consent& a, const Consent& b) {
        return std::tie(a.state, a.created, a.action) < std::tie(b.state, b.created, b.action);
    });
    return out;
}

std::size_t Approvals::pending_count() const {
    return static_cast<std::size_t>(std::count_if(
        open_.begin(), open_.end(),
        [](const auto& entry) { return entry.second.consent.state == ConsentState::Pending; }));
}

}  // namespace countersign::approval
