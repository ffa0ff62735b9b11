#include "model/action.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "text/utf8.h"

namespace countersign::model {
namespace {

Error invalid(std::string_view what, std::string_view why) {
    return {ErrorCode::InvalidArgument, std::string(what) + " " + std::string(why)};
}

bool has_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

Result<void> check_string(std::string_view what, std::string_view value, std::size_t bytes_max) {
    if (value.size() > bytes_max) {
        return Error(ErrorCode::LimitExceeded,
                     std::string(what) + " is longer than " + std::to_string(bytes_max) + " bytes");
    }
    if (has_nul(value)) {
        return invalid(what, "holds a NUL byte");
    }
    return {};
}

// Names go into records, messages and map keys: text, not bytes.
Result<void> check_name(std::string_view what, std::string_view value, std::size_t bytes_max) {
    TRY(check_string(what, value, bytes_max));
    if (text::invalid_utf8_at(value)) {
        return invalid(what, "is not UTF-8");
    }
    return {};
}

Result<void> check_path(std::string_view what, std::string_view value) {
    TRY(check_string(what, value, limits::kPathBytesMax));
    if (!value.empty() && value.front() != '/') {
        return invalid(what, "must be an absolute path");
    }
    return {};
}

bool is_digest(std::string_view text) {
    constexpr std::string_view kPrefix = "sha256:";
    constexpr std::size_t kLength = 7 + 64;
    return text.size() == kLength && text.substr(0, kPrefix.size()) == kPrefix &&
           text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

// Which members each kind has. A member that its kind does not have would be carried, approved and
// recorded without ever being judged, so it must be empty.
struct Shape {
    bool text = false;
    bool binary_text = false;  ///< the text is content, not code: NUL is ordinary
    bool argv = false;
    bool server = false;
    bool name = false;
    bool target = false;
    bool content = false;
};
constexpr std::array<Shape, kActionKindNames.size()> kShapes = {
    {{.text = true, .content = true},                                      // Command
     {.argv = true, .content = true},                                      // Exec
     {.text = true, .server = true},                                       // Sql
     {.text = true, .server = true, .name = true},                         // ToolCall
     {.text = true, .binary_text = true, .name = true, .target = true},    // Http
     {.text = true, .binary_text = true, .name = true, .target = true}}};  // File
static_assert(kActionKindNames.size() == 6);

Result<void> check_shape(const Action& action, const Shape& shape) {
    struct Member {
        std::string_view name;
        bool allowed;
        bool present;
    };
    const std::array<Member, 7> members = {{{"text", shape.text, !action.text.empty()},
                                            {"argv", shape.argv, !action.argv.empty()},
                                            {"program", shape.argv, !action.program.empty()},
                                            {"server", shape.server, !action.server.empty()},
                                            {"name", shape.name, !action.name.empty()},
                                            {"target", shape.target, !action.target.empty()},
                                            {"content", shape.content, !action.content.empty()}}};
    for (const Member& member : members) {
        if (member.present && !member.allowed) {
            return invalid("action", "of kind " + std::string(action_kind_name(action.kind)) +
                                         " has no member \"" + std::string(member.name) + "\"");
        }
    }
    if (shape.argv && action.argv.empty()) {
        return invalid("argv", "must hold at least the program's name");
    }
    if (shape.name && action.name.empty()) {
        return invalid("name", "must not be empty");
    }
    if (shape.target && action.target.empty()) {
        return invalid("target", "must not be empty");
    }
    return {};
}

Result<void> check_argv(const Action& action) {
    if (action.argv.size() > limits::kArgvWordsMax) {
        return Error(ErrorCode::LimitExceeded,
                     "argv has more than " + std::to_string(limits::kArgvWordsMax) + " words");
    }
    std::size_t bytes = 0;
    for (const std::string& word : action.argv) {
        TRY(check_string("argv", word, limits::kActionTextBytesMax));
        bytes += word.size() + 1;
    }
    if (bytes > limits::kArgvBytesMax) {
        return Error(ErrorCode::LimitExceeded,
                     "argv is longer than " + std::to_string(limits::kArgvBytesMax) + " bytes");
    }
    return check_path("program", action.program);
}

Result<void> check_content(const Action& action) {
    if (action.content.size() > limits::kEnvironmentEntriesMax) {
        return Error(ErrorCode::LimitExceeded, "too many content digests");
    }
    for (const auto& [path, digest] : action.content) {
        TRY(check_name("content", path, limits::kPathBytesMax));
        if (path.empty() || !is_digest(digest)) {
            return invalid("content", "must map paths to sha256:<64 hexadecimal digits>");
        }
    }
    return {};
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

Result<void> check_environment(const Context& context) {
    if (context.environment.size() > limits::kEnvironmentEntriesMax) {
        return Error(ErrorCode::LimitExceeded, "too many environment entries");
    }
    for (const auto& [name, value] : context.environment) {
        TRY(check_name("environment name", name, limits::kNameBytesMax));
        TRY(check_string("environment value", value, limits::kEnvironmentValueBytesMax));
        if (name.empty() || name.find('=') != std::string::npos) {
            return invalid("environment", "has a name that is empty or holds \"=\"");
        }
    }
    return {};
}

}  // namespace

Result<void> validate(const Action& action) {
    const auto index = static_cast<std::size_t>(action.kind);
    if (index >= kShapes.size()) {
        return invalid("kind", "is not a kind of action");
    }
    const Shape& shape = kShapes[index];
    TRY(check_shape(action, shape));
    if (shape.binary_text) {
        if (action.text.size() > limits::kActionTextBytesMax) {
            return Error(ErrorCode::LimitExceeded, "text is too long");
        }
    } else {
        TRY(check_string("text", action.text, limits::kActionTextBytesMax));
    }
    TRY(check_argv(action));
    TRY(check_name("server", action.server, limits::kPathBytesMax));
    TRY(check_name("name", action.name, limits::kNameBytesMax));
    // A URL may be longer than a path; what does not fit here no server takes either.
    TRY(check_string("target", action.target, 8 * limits::kPathBytesMax));
    if (action.kind == ActionKind::File && !is_one_of(action.name, {"read", "write", "delete"})) {
        return invalid("name", "of a file action must be read, write or delete");
    }
    return check_content(action);
}

Result<void> validate(const Context& context) {
    TRY(check_name("session", context.session, limits::kNameBytesMax));
    TRY(check_name("agent id", context.agent.id, limits::kNameBytesMax));
    TRY(check_name("agent type", context.agent.type, limits::kNameBytesMax));
    TRY(check_name("agent model", context.agent.model, limits::kNameBytesMax));
    TRY(check_name("principal", context.principal, limits::kNameBytesMax));
    TRY(check_name("purpose", context.purpose, limits::kCommentBytesMax));
    TRY(check_name("door", context.door, limits::kNameBytesMax));
    TRY(check_name("host", context.host, limits::kNameBytesMax));
    TRY(check_name("within", context.within, limits::kNameBytesMax));
    TRY(check_path("directory", context.directory));
    TRY(check_path("workspace", context.workspace));
    TRY(check_path("home", context.home));
    if (context.delegation.size() > limits::kDelegationDepthMax) {
        return Error(ErrorCode::LimitExceeded, "delegated too deeply");
    }
    for (const std::string& session : context.delegation) {
        TRY(check_name("delegation", session, limits::kNameBytesMax));
    }
    return check_environment(context);
}

}  // namespace countersign::model
