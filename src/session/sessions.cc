#include "session/sessions.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/limits.h"
#include "crypto/tokens.h"
#include "model/codec.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::session {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdBytes = 8;
constexpr std::string_view kIdPrefix = "s-";
constexpr std::size_t kDocumentBytesMax = 128 * 1024;

Error unauthenticated() {
    return {ErrorCode::Unauthenticated, "the session token is not valid",
            "the session may have ended; start a new one with: countersign run"};
}

Error invalid(std::string_view what) {
    return {ErrorCode::InvalidArgument, "session: " + std::string(what)};
}

/// A name that a person reads: bounded, and nothing in it hides.
bool name_ok(std::string_view name) {
    return name.size() <= limits::kNameBytesMax && text::visible(name, 65'536) == name;
}

bool weakening_ok(const std::string& text) {
    return !text.empty() && text.size() <= model::kWeakeningBytesMax &&
           text::visible(text, 65'536) == text;
}

bool has_dot_component(std::string_view path) {
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part == "." || part == "..") {
            return true;
        }
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return false;
}

/// Empty (none), or absolute without components that could lead out of it.
bool path_ok(std::string_view path) {
    return path.empty() || (path.size() <= limits::kPathBytesMax && path.front() == '/' &&
                            path.find('\0') == std::string_view::npos && !has_dot_component(path));
}

bool below(std::string_view path, std::string_view top) {
    if (path == top) {
        return true;
    }
    return !top.empty() && path_ok(path) && path.starts_with(top) &&
           (top.ends_with('/') || path[top.size()] == '/');
}

Result<void> check_lifetime(Duration lifetime) {
    if (lifetime < kLifetimeMin || lifetime > kLifetimeMax) {
        return invalid("a lifetime is " + format_duration(kLifetimeMin) + " to " +
                       format_duration(kLifetimeMax));
    }
    return {};
}

Result<void> check(const model::SessionRequest& request) {
    const std::string_view names[] = {request.agent.id,  request.agent.type, request.agent.model,
                                      request.principal, request.purpose,    request.door,
                                      request.host,      request.profile};
    if (!std::all_of(std::begin(names), std::end(names), name_ok)) {
        return invalid("a name is too long or holds hidden characters");
    }
    if (request.agent.type.empty() || request.principal.empty()) {
        return invalid("agent type and principal must be named");
    }
    if (!path_ok(request.workspace) || !path_ok(request.home)) {
        return invalid("workspace and home must be absolute paths without \".\" and \"..\"");
    }
    std::size_t command_bytes = 0;
    for (const std::string& word : request.command) {
        command_bytes += word.size();
    }
    if (request.command.size() > model::kStartedWordsMax ||
        command_bytes > model::kStartedBytesMax) {
        return invalid("the command that starts it is too long");
    }
    if (!path_ok(request.directory)) {
        return invalid("the directory must be an absolute path without \".\" and \"..\"");
    }
    if (!std::all_of(request.weakenings.begin(), request.weakenings.end(), weakening_ok)) {
        return invalid("a weakening is empty, too long or holds hidden characters");
    }
    if (request.ceiling == model::Tier::Forbidden) {
        return invalid("no session may reach the tier \"forbidden\"");
    }
    return check_lifetime(request.lifetime);
}

Result<void> check(const model::Session& parent, const DelegationRequest& request) {
    if (!name_ok(request.agent.id) || !name_ok(request.agent.model) || !name_ok(request.purpose)) {
        return invalid("a name is too long or holds hidden characters");
    }
    TRY(check_lifetime(request.lifetime));
    const auto wider = [](std::string_view what) {
        return Error(ErrorCode::PermissionDenied,
                     "a delegated session cannot be wider than its parent: " + std::string(what));
    };
    if (!request.agent.type.empty() && request.agent.type != parent.agent.type) {
        return wider("its agent type must be " + parent.agent.type);
    }
    if (request.ceiling && *request.ceiling > parent.ceiling) {
        return wider("its ceiling is above " + std::string(model::tier_name(parent.ceiling)));
    }
    if (request.workspace && !below(*request.workspace, parent.workspace)) {
        return wider("its workspace is outside of the parent's");
    }
    if (parent.delegation.size() + 1 > limits::kDelegationDepthMax) {
        return Error(ErrorCode::LimitExceeded, "session: delegated too many times");
    }
    return {};
}

bool belongs_to(const model::Session& session, std::string_view root) {
    return session.id == root || std::find(session.delegation.begin(), session.delegation.end(),
                                           root) != session.delegation.end();
}

Result<std::string> document_of(const model::Session& session, const crypto::Digest& token) {
    json::object out;
    out["session"] = model::to_json(session);
    out["token"] = token.text();
    return json::serialize(out);
}

struct Stored {
    model::Session session;
    crypto::Digest token;
};

Result<Stored> stored_from(const std::string& document) {
    const json::value value = TRY(text::parse_json(document, kDocumentBytesMax));
    text::ObjectReader in(value, "stored session");
    const auto* session = in.member("session");
    const auto token = crypto::Digest::parse(in.string("token", limits::kNameBytesMax));
    TRY(in.finish());
    if (!token) {
        return Error(ErrorCode::Corrupt, "stored session: bad token digest");
    }
    Stored out;
    out.session = TRY(model::session_from(*session));
    out.token = *token;
    return out;
}

Result<void> put(store::Transaction& transaction, const model::Session& session,
                 const crypto::Digest& token) {
    const std::string document = TRY(document_of(session, token));
    const std::string started = format_instant(session.started);
    return transaction.put(store::Collection::Sessions, session.id, document,
                           {{"state", model::session_state_name(session.state)},
                            {"parent", session.parent.value_or("")},
                            {"started", started}});
}

}  // namespace

Result<std::unique_ptr<Sessions>> Sessions::open(store::Store& store, Clock& clock,
                                                 Random& random) {
    std::unique_ptr<Sessions> sessions(std::make_unique<Sessions>(Key(), store, clock, random));
    TRY(sessions->load());
    return sessions;
}

Result<void> Sessions::load() {
    const auto transaction = TRY(store_.begin(store::Access::Read, store::Durability::Written));
    store::Query query;
    query.where = {{"state", model::session_state_name(model::SessionState::Active)}};
    return store::for_each(
        *transaction, store::Collection::Sessions, query,
        [this](const store::Document& document) { return adopt(document.value); });
}

Result<void> Sessions::adopt(const std::string& document) {
    auto stored = stored_from(document);
    if (!stored.ok()) {
        return Error(ErrorCode::Corrupt, stored.error().message);
    }
    Entry entry;
    entry.session = std::move(stored->session);
    entry.token = stored->token;
    // A clock that was set back while the gateway was away cannot lengthen the whole life.
    const Duration left = std::min(entry.session.expires.since(clock_.now()),
                                   entry.session.expires.since(entry.session.started));
    entry.deadline = clock_.monotonic() + left;
    by_token_[entry.token] = entry.session.id;
    const std::string id = entry.session.id;
    active_.insert_or_assign(id, std::move(entry));
    return {};
}

Result<model::SessionGrant> Sessions::start(const model::SessionRequest& request) {
    TRY(check(request));
    model::Session session;
    session.agent = request.agent;
    session.principal = request.principal;
    session.purpose = request.purpose;
    session.door = request.door;
    session.host = request.host;
    session.workspace = request.workspace;
    session.home = request.home;
    session.contained = request.contained;
    session.staged = request.staged;
    session.ceiling = request.ceiling;
    session.process_id = request.process_id;
    session.command = request.command;
    session.profile = request.profile;
    session.weakenings = request.weakenings;
    return admit(std::move(session), request.lifetime, clock_.now().plus(request.lifetime));
}

Result<model::SessionGrant> Sessions::delegate(std::string_view parent_id,
                                               const DelegationRequest& request) {
    const Entry* parent = usable(parent_id);
    if (parent == nullptr) {
        return unauthenticated();
    }
    TRY(check(parent->session, request));
    model::Session session = parent->session;
    session.parent = parent->session.id;
    session.delegation.push_back(parent->session.id);
    session.agent.id = request.agent.id;
    session.agent.model = request.agent.model;
    session.purpose = request.purpose;
    session.ceiling = request.ceiling.value_or(parent->session.ceiling);
    session.workspace = request.workspace.value_or(parent->session.workspace);
    session.process_id.reset();
    session.command.clear();
    const Duration left = std::min(parent->session.expires.since(clock_.now()),
                                   parent->deadline - clock_.monotonic());
    return admit(std::move(session), std::min(request.lifetime, left), parent->session.expires);
}

Result<model::SessionGrant> Sessions::admit(model::Session session, Duration lifetime,
                                            Instant bound) {
    if (active_.size() >= limits::kSessionsMax) {
        return Error(ErrorCode::LimitExceeded, "session: too many active sessions",
                     "end some with: countersign session end ID");
    }
    session.id = crypto::make_id(kIdPrefix, kIdBytes, random_);
    session.started = clock_.now();
    session.expires = std::min(session.started.plus(lifetime), bound);
    session.state = model::SessionState::Active;
    session.ended.reset();
    model::SessionGrant grant;
    grant.token = crypto::make_token(crypto::kSessionTokenPrefix, random_);
    Entry entry;
    entry.token = crypto::token_digest(grant.token);
    entry.deadline = clock_.monotonic() + lifetime;
    if (active_.contains(session.id) || by_token_.contains(entry.token)) {
        return Error(ErrorCode::Internal, "session: the random source repeats itself");
    }
    // Lost in a power cut, the token means nothing to anybody: no need to wait for the disk.
    const auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Written));
    TRY(put(*transaction, session, entry.token));
    TRY(transaction->commit());
    entry.session = session;
    by_token_[entry.token] = session.id;
    active_.emplace(session.id, std::move(entry));
    grant.session = std::move(session);
    return grant;
}

bool Sessions::over(const Entry& entry) {
    return clock_.now() >= entry.session.expires || clock_.monotonic() >= entry.deadline;
}

const Sessions::Entry* Sessions::usable(std::string_view id) {
    const auto found = active_.find(id);
    return found == active_.end() || over(found->second) ? nullptr : &found->second;
}

bool Sessions::active(std::string_view id) {
    return usable(id) != nullptr;
}

Result<model::Session> Sessions::authenticate(std::string_view token) {
    if (!crypto::token_well_formed(token, crypto::kSessionTokenPrefix)) {
        return unauthenticated();
    }
    const auto id = by_token_.find(crypto::token_digest(token));
    const Entry* entry = id == by_token_.end() ? nullptr : usable(id->second);
    if (entry == nullptr) {
        return unauthenticated();
    }
    return entry->session;
}

void Sessions::close_in_memory(std::string_view root, model::SessionState state) {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : active_) {
        if (belongs_to(entry.session, root)) {
            ids.push_back(id);
        }
    }
    std::stable_partition(ids.begin(), ids.end(), [root](const auto& id) { return id == root; });
    for (const std::string& id : ids) {
        auto node = active_.extract(id);
        Entry& entry = node.mapped();
        by_token_.erase(entry.token);
        entry.session.state = state;
        entry.session.ended = clock_.now();
        unsaved_.push_back(std::move(entry));
    }
}

Result<std::vector<model::Session>> Sessions::store_closed() {
    std::vector<model::Session> closed;
    if (unsaved_.empty()) {
        return closed;
    }
    const auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Synced));
    for (const Entry& entry : unsaved_) {
        TRY(put(*transaction, entry.session, entry.token));
        closed.push_back(entry.session);
    }
    TRY(transaction->commit());
    unsaved_.clear();
    return closed;
}

Result<std::vector<model::Session>> Sessions::close_tree(std::string_view root,
                                                         model::SessionState state) {
    const std::optional<model::Session> known = TRY(find(root));
    if (!known) {
        return Error(ErrorCode::NotFound, "no session " + text::visible(root, 80));
    }
    close_in_memory(root, state);
    return store_closed();
}

Result<std::vector<model::Session>> Sessions::end(std::string_view id) {
    return close_tree(id, model::SessionState::Ended);
}

Result<std::vector<model::Session>> Sessions::revoke(std::string_view id) {
    return close_tree(id, model::SessionState::Revoked);
}

Result<std::vector<model::Session>> Sessions::expire() {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : active_) {
        if (over(entry)) {
            ids.push_back(id);
        }
    }
    for (const std::string& id : ids) {
        close_in_memory(id, model::SessionState::Expired);
    }
    return store_closed();
}

std::optional<Instant> Sessions::next_expiry() const {
    std::optional<Instant> next;
    for (const auto& [id, entry] : active_) {
        next = next ? std::min(*next, entry.session.expires) : entry.session.expires;
    }
    return next;
}

Result<void> Sessions::set_process(std::string_view id, int process_id) {
    const auto found = active_.find(id);
    if (found == active_.end()) {
        return Error(ErrorCode::Conflict, "no active session " + text::visible(id, 80));
    }
    model::Session changed = found->second.session;
    changed.process_id = process_id;
    const auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Written));
    TRY(put(*transaction, changed, found->second.token));
    TRY(transaction->commit());
    found->second.session = std::move(changed);
    return {};
}

Result<std::optional<model::Session>> Sessions::find(std::string_view id) {
    const auto found = active_.find(id);
    if (found != active_.end()) {
        return std::optional(found->second.session);
    }
    for (const Entry& entry : unsaved_) {
        if (entry.session.id == id) {
            return std::optional(entry.session);
        }
    }
    if (id.empty() || id.size() > limits::kNameBytesMax) {
        return std::optional<model::Session>();
    }
    const std::optional<std::string> document =
        TRY(store::get(store_, store::Collection::Sessions, id));
    if (!document) {
        return std::optional<model::Session>();
    }
    Stored stored = TRY(stored_from(*document));
    return std::optional(std::move(stored.session));
}

Result<std::vector<model::Session>> Sessions::list(std::optional<model::SessionState> state,
                                                   std::string_view after, std::size_t limit) {
    store::Query query;
    if (state) {
        query.where = {{"state", model::session_state_name(*state)}};
    }
    query.after = after;
    query.limit = limit;
    const std::vector<store::Document> documents =
        TRY(store::find(store_, store::Collection::Sessions, query));
    std::vector<model::Session> sessions;
    for (const store::Document& document : documents) {
        Stored stored = TRY(stored_from(document.value));
        sessions.push_back(std::move(stored.session));
    }
    return sessions;
}

std::vector<std::string> Sessions::descendants(std::string_view id) const {
    std::vector<std::string> out;
    for (const auto& [key, entry] : active_) {
        if (key != id && belongs_to(entry.session, id)) {
            out.push_back(key);
        }
    }
    return out;
}

}  // namespace countersign::session
