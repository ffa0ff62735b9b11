// What a verb may touch: the terminal, the gateway, the clock, the person's files. Verbs receive a
// World and nothing else, so that tests/cli runs each of them against a fake gateway and a fake
// terminal, byte for byte.
//
// Thread safety: none; a verb runs on one thread. run's asking thread gets a World-made Gateway of
// its own. Lifetime: references returned stay valid as long as the World.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "client/client.h"

namespace countersign::cli {

/// How text may look on one stream.
struct Look {
    bool terminal = false;
    bool colour = false;  ///< a terminal, and NO_COLOR is not set (https://no-color.org)
    bool utf8 = true;     ///< false: plain "..." and "|" in place of typographic characters
    int width = 0;        ///< columns; 0: do not fit anything (a pipe, a file)
};

/// Standard streams. Results go to out(), everything said to the person goes to err().
class Console {
public:
    virtual ~Console() = default;
    virtual void out(std::string_view text) = 0;
    virtual void err(std::string_view text) = 0;
    [[nodiscard]] virtual const Look& out_look() const = 0;
    [[nodiscard]] virtual const Look& err_look() const = 0;
    /// Whether a person can be asked: standard input is a terminal.
    [[nodiscard]] virtual bool can_ask() const = 0;
    /// One line of standard input without its newline; nullopt at its end. LimitExceeded past
    /// limits::kCommentBytesMax, with the rest of the line discarded.
    virtual Result<std::optional<std::string>> read_line() = 0;
    /// Throws away what was typed before now, when standard input is a terminal: a line meant for
    /// something else must not answer the next question.
    virtual void discard_input() = 0;
    /// Flushes out(). Io when the results could not be written (a full disk): the verb failed.
    virtual Result<void> finish() = 0;
};

/// What happens at the gateway, as it happens.
class LiveEvents {
public:
    virtual ~LiveEvents() = default;
    /// nullopt: nothing within `limit`. Unavailable: the gateway is gone.
    virtual Result<std::optional<client::ServerEvent>> next(Duration limit) = 0;
};

/// The operator side of the API: OperatorClient, or a table of answers in tests.
class Gateway {
public:
    virtual ~Gateway() = default;
    virtual Result<boost::json::value> get(std::string_view path) = 0;
    virtual Result<boost::json::value> post(std::string_view path,
                                            const boost::json::value& body) = 0;
    virtual Result<model::SessionGrant> open_session(const model::SessionRequest& request) = 0;
    virtual Result<std::unique_ptr<LiveEvents>> events() = 0;
};

/// Who types, and where.
struct Person {
    std::string name;  ///< login name
    std::string host;
    std::string home;       ///< absolute; empty when it cannot be found
    std::string directory;  ///< absolute working directory
};

class World {
public:
    virtual ~World() = default;
    virtual Console& console() = 0;
    virtual Clock& clock() = 0;
    virtual Random& random() = 0;
    [[nodiscard]] virtual const Person& person() const = 0;
    virtual Result<client::Locations> locations() = 0;
    /// Whether this process runs inside an agent's session, where nothing of people's side works.
    [[nodiscard]] virtual bool inside_session() const = 0;

    /// The gateway's operator side; starts the gateway on first need. Owned by the World.
    virtual Result<Gateway*> gateway() = 0;
    /// The same, but Unavailable when none runs.
    virtual Result<Gateway*> running_gateway() = 0;
    /// A connection of its own for another thread.
    virtual Result<std::unique_ptr<Gateway>> separate_gateway() = 0;

    /// Becomes `countersignd judge WORDS...`; returns only on failure.
    virtual Error become_judge(std::span<const std::string> words) = 0;
    /// Waits between two looks at a live view. False: stop (tests end a watch that way).
    virtual bool pause(Duration span) = 0;
};

}  // namespace countersign::cli
