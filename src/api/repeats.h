// Idempotency keys: a write that comes a second time under the same key gets the first one's answer
// instead of happening again. In memory only, for ten minutes: a client repeats after a lost
// connection, not after a day; and an answer may hold what must not reach a disk.
//
// A repeat with another body is a Conflict. Answers of routes that give out a token are not kept: a
// repeat is a Conflict as well, and the caller asks anew. Not thread safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "api/message.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"

namespace countersign::api {

class Repeats {
public:
    static constexpr std::size_t kKeptMax = 2048;
    static constexpr std::size_t kKeyBytesMax = 128;
    static constexpr std::size_t kAnswerBytesMax = 64 * 1024;
    static constexpr Duration kKeptFor = std::chrono::minutes(10);

    /// What is remembered of a first call.
    struct First {
        crypto::Digest request;  ///< over method, target and body
        Duration at{};
        std::string action;              ///< for submissions: the action whose answer is current
        std::optional<Response> answer;  ///< nullopt: still on its way, or not kept
    };

    /// Digest of what tells calls apart: the token, the route and the caller's key.
    static crypto::Digest scope(std::string_view token_digest, std::string_view route,
                                std::string_view key);
    /// nullptr: it is new, and noted now.
    First* find_or_note(const crypto::Digest& scope, const crypto::Digest& request, Duration now);
    /// The entry noted under `scope`; nullptr when it is gone.
    First* find(const crypto::Digest& scope);
    void forget(const crypto::Digest& scope);

private:
    void trim(Duration now);

    /// A digest's bytes are as good a hash as any.
    struct Hash {
        std::size_t operator()(const crypto::Digest& digest) const;
    };

    std::unordered_map<crypto::Digest, First, Hash> kept_;
    /// Oldest first, with the moment of each note; forgotten ones too.
    std::deque<std::pair<crypto::Digest, Duration>> order_;
};

}  // namespace countersign::api
