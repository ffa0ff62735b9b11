// An agent's session: who asks, on whose behalf, how far it may go, until when. Values; thread
// safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "model/action.h"
#include "model/tier.h"

namespace countersign::model {

enum class SessionState { Active, Ended, Revoked, Expired };

inline constexpr std::array<std::string_view, 4> kSessionStateNames = {"active", "ended", "revoked",
                                                                       "expired"};

constexpr std::string_view session_state_name(SessionState state) {
    return name_in(kSessionStateNames, state);
}

struct Session {
    std::string id;                       ///< "s-" and 16 hex digits
    std::optional<std::string> parent;    ///< delegated from
    std::vector<std::string> delegation;  ///< ids from the root down to the parent
    AgentIdentity agent;
    std::string principal;
    std::string purpose;
    std::string door;
    std::string host;
    std::string workspace;
    std::string home;
    bool contained = false;
    bool staged = false;
    Tier ceiling = Tier::Irreversible;  ///< actions above it are denied; a child's is never higher
    Instant started;
    Instant expires;
    SessionState state = SessionState::Active;
    std::optional<Instant> ended;
    std::optional<int> process_id;  ///< root of the supervised tree, for containment
    /// What the principal started it with, secrets redacted; empty: not told, or delegated.
    std::vector<std::string> command;
    std::string profile;  ///< of the jail that holds it; empty: none
    /// What that jail gives beyond the strictest, one line each, such as "socket /run/docker.sock".
    std::vector<std::string> weakenings;

    bool operator==(const Session&) const = default;
};

/// Words and bytes of the command that a session is opened with, which is kept with it.
inline constexpr std::size_t kStartedWordsMax = 1024;
inline constexpr std::size_t kStartedBytesMax = 8 * 1024;

/// Weakenings of one session, and bytes of each: a path and a word.
inline constexpr std::size_t kWeakeningsMax = 256;
inline constexpr std::size_t kWeakeningBytesMax = limits::kPathBytesMax + 64;

/// What opens a session.
struct SessionRequest {
    AgentIdentity agent;
    std::string principal;
    std::string purpose;
    std::string door;
    std::string host;
    std::string workspace;
    std::string home;
    bool contained = false;
    bool staged = false;
    Tier ceiling = Tier::Irreversible;
    Duration lifetime = std::chrono::hours(8);
    std::optional<int> process_id;
    /// The argv that the principal typed, and the absolute directory it starts in: its first start
    /// is consented to by that (gate/opening.h). Empty: nothing is. At most kStartedWordsMax words
    /// and kStartedBytesMax bytes.
    std::vector<std::string> command;
    std::string directory;
    std::string profile;  ///< as in Session
    std::vector<std::string> weakenings;

    bool operator==(const SessionRequest&) const = default;
};

/// A session and the only copy of its token; the gateway keeps a hash.
struct SessionGrant {
    Session session;
    std::string token;  ///< "cst_" and base64url of 32 random bytes
};

}  // namespace countersign::model
