#include "gate/tool_call.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <string>
#include <vector>

#include "base/limits.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using model::Effect;
using model::EffectKind;
using model::Place;

struct Verb {
    std::string_view word;
    EffectKind kind;
};

/// The first word of a tool's name that stands here is its verb.
constexpr std::array kVerbs = {
    Verb{"get", EffectKind::Read},         Verb{"read", EffectKind::Read},
    Verb{"list", EffectKind::Read},        Verb{"search", EffectKind::Read},
    Verb{"find", EffectKind::Read},        Verb{"view", EffectKind::Read},
    Verb{"show", EffectKind::Read},        Verb{"describe", EffectKind::Read},
    Verb{"lookup", EffectKind::Read},      Verb{"check", EffectKind::Read},
    Verb{"count", EffectKind::Read},       Verb{"open", EffectKind::Read},
    Verb{"glob", EffectKind::Read},        Verb{"grep", EffectKind::Read},
    Verb{"query", EffectKind::DbRead},     Verb{"snapshot", EffectKind::Read},
    Verb{"screenshot", EffectKind::Read},  Verb{"wait", EffectKind::Read},
    Verb{"fetch", EffectKind::Download},   Verb{"download", EffectKind::Download},
    Verb{"crawl", EffectKind::Download},   Verb{"scrape", EffectKind::Download},
    Verb{"navigate", EffectKind::Connect}, Verb{"browse", EffectKind::Connect},
    Verb{"connect", EffectKind::Connect},  Verb{"write", EffectKind::Write},
    Verb{"create", EffectKind::Create},    Verb{"update", EffectKind::Write},
    Verb{"edit", EffectKind::Write},       Verb{"add", EffectKind::Write},
    Verb{"append", EffectKind::Write},     Verb{"insert", EffectKind::Write},
    Verb{"set", EffectKind::Write},        Verb{"put", EffectKind::Write},
    Verb{"save", EffectKind::Write},       Verb{"patch", EffectKind::Write},
    Verb{"replace", EffectKind::Write},    Verb{"move", EffectKind::Rename},
    Verb{"rename", EffectKind::Rename},    Verb{"copy", EffectKind::Create},
    Verb{"fork", EffectKind::Create},      Verb{"schedule", EffectKind::Persist},
    Verb{"delete", EffectKind::Delete},    Verb{"remove", EffectKind::Delete},
    Verb{"drop", EffectKind::Delete},      Verb{"purge", EffectKind::Delete},
    Verb{"clear", EffectKind::Delete},     Verb{"destroy", EffectKind::Delete},
    Verb{"send", EffectKind::Upload},      Verb{"post", EffectKind::Upload},
    Verb{"reply", EffectKind::Upload},     Verb{"upload", EffectKind::Upload},
    Verb{"push", EffectKind::Upload},      Verb{"submit", EffectKind::Upload},
    Verb{"share", EffectKind::Upload},     Verb{"publish", EffectKind::Publish},
    Verb{"release", EffectKind::Publish},  Verb{"merge", EffectKind::Publish},
    Verb{"invite", EffectKind::Identity},  Verb{"grant", EffectKind::Identity},
    Verb{"revoke", EffectKind::Identity},  Verb{"deploy", EffectKind::Deploy},
    Verb{"restart", EffectKind::Infra},    Verb{"start", EffectKind::Infra},
    Verb{"stop", EffectKind::Infra},       Verb{"scale", EffectKind::Infra},
    Verb{"kill", EffectKind::Signal},      Verb{"run", EffectKind::Execute},
    Verb{"execute", EffectKind::Execute},  Verb{"exec", EffectKind::Execute},
    Verb{"bash", EffectKind::Execute},     Verb{"shell", EffectKind::Execute},
    Verb{"eval", EffectKind::Eval},        Verb{"evaluate", EffectKind::Eval},
};

/// Claude Code's own tools that touch nothing but the conversation, or start what is decided by
/// itself (a sub-agent's calls come through the hook one by one). Only the hook door gives this
/// server name: names of MCP servers never hold a slash there.
constexpr std::string_view kClaudeCodeServer = "claude-code/builtin";
constexpr std::array kClaudeCodeTools = {
    Verb{"TodoWrite", EffectKind::Read},       Verb{"TodoRead", EffectKind::Read},
    Verb{"TaskCreate", EffectKind::Read},      Verb{"TaskUpdate", EffectKind::Read},
    Verb{"TaskList", EffectKind::Read},        Verb{"TaskGet", EffectKind::Read},
    Verb{"TaskOutput", EffectKind::Read},      Verb{"BashOutput", EffectKind::Read},
    Verb{"EnterPlanMode", EffectKind::Read},   Verb{"ExitPlanMode", EffectKind::Read},
    Verb{"AskUserQuestion", EffectKind::Read}, Verb{"Task", EffectKind::Read},
    Verb{"Agent", EffectKind::Read},           Verb{"Skill", EffectKind::Read},
    Verb{"ToolSearch", EffectKind::Read},
};

/// Tools of well-known servers whose names do not tell what they do, by a part of the name that the
/// server has in people's configuration. A server that lies about itself can do so in its tools'
/// names as well; what it is given to read or write is told by the arguments either way.
struct ServerTool {
    std::string_view server;
    std::string_view tool;
    EffectKind kind;
};
constexpr std::array kServerTools = {
    ServerTool{"filesystem", "directory_tree", EffectKind::Read},
    ServerTool{"sequential-thinking", "sequentialthinking", EffectKind::Read},
    ServerTool{"sequentialthinking", "sequentialthinking", EffectKind::Read},
    ServerTool{"playwright", "browser_console_messages", EffectKind::Read},
    ServerTool{"playwright", "browser_network_requests", EffectKind::Read},
    ServerTool{"playwright", "browser_network_request", EffectKind::Read},
    ServerTool{"playwright", "browser_type", EffectKind::Upload},
    ServerTool{"playwright", "browser_fill_form", EffectKind::Upload},
    ServerTool{"playwright", "browser_file_upload", EffectKind::Upload},
    ServerTool{"puppeteer", "puppeteer_fill", EffectKind::Upload},
    ServerTool{"maps", "maps_geocode", EffectKind::Read},
    ServerTool{"maps", "maps_reverse_geocode", EffectKind::Read},
    ServerTool{"maps", "maps_place_details", EffectKind::Read},
    ServerTool{"maps", "maps_distance_matrix", EffectKind::Read},
    ServerTool{"maps", "maps_elevation", EffectKind::Read},
    ServerTool{"maps", "maps_directions", EffectKind::Read},
    ServerTool{"time", "convert_time", EffectKind::Read},
    ServerTool{"git", "git_status", EffectKind::Read},
    ServerTool{"git", "git_diff", EffectKind::Read},
    ServerTool{"git", "git_diff_staged", EffectKind::Read},
    ServerTool{"git", "git_diff_unstaged", EffectKind::Read},
    ServerTool{"git", "git_log", EffectKind::Read},
    ServerTool{"git", "git_commit", EffectKind::Write},
    ServerTool{"git", "git_reset", EffectKind::Delete},
    ServerTool{"git", "git_checkout", EffectKind::Write},
    ServerTool{"sqlite", "write_query", EffectKind::DbWrite},
    ServerTool{"sqlite", "create_table", EffectKind::DbSchema},
    ServerTool{"postgres", "query", EffectKind::DbRead},
    ServerTool{"memory", "delete_entities", EffectKind::Delete},
};

/// Nouns that turn a write into a change of who may do what, or of money.
constexpr std::array<std::string_view, 12> kIdentityNouns = {
    "password", "user",  "users",  "role",   "permission", "permissions",
    "key",      "token", "member", "policy", "account",    "credentials"};
constexpr std::array<std::string_view, 7> kMoneyNouns = {
    "money", "payment", "transaction", "transfer", "order", "purchase", "invoice"};

/// Argument names whose value is shell text, or SQL.
constexpr std::array<std::string_view, 4> kShellArguments = {"command", "cmd", "shell_command",
                                                             "bash"};
constexpr std::array<std::string_view, 3> kSqlArguments = {"sql", "query", "statement"};
/// Argument names whose value is a path even when it does not look like one.
constexpr std::array<std::string_view, 10> kPathArguments = {
    "path",      "file",        "file_path", "filename", "filepath",
    "directory", "destination", "source",    "paths",    "notebook_path"};

template <std::size_t N>
bool stands_in(const std::array<std::string_view, N>& table, std::string_view word) {
    return std::find(table.begin(), table.end(), word) != table.end();
}

/// "createOrUpdateFile", "create_or_update-file" -> create or update file.
std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words(1);
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) == 0) {
            words.emplace_back();
            continue;
        }
        const bool upper = std::isupper(byte) != 0;
        if (upper && !words.back().empty() &&
            std::islower(static_cast<unsigned char>(words.back().back())) != 0) {
            words.emplace_back();
        }
        words.back().push_back(c);
    }
    for (std::string& word : words) {
        std::transform(word.begin(), word.end(), word.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    return words;
}

bool is_write(EffectKind kind) {
    return kind == EffectKind::Write || kind == EffectKind::Create || kind == EffectKind::Delete ||
           kind == EffectKind::Upload || kind == EffectKind::Persist;
}

bool looks_like_path(std::string_view text) {
    return text.starts_with("/") || text.starts_with("~/") || text.starts_with("./") ||
           text.starts_with("../");
}

/// Walks the arguments and turns what it recognises into effects.
class ArgumentReader {
public:
    ArgumentReader(const model::ActionRequest& request, EffectKind kind, Unwrapper& walk)
        : kind_(kind), walk_(walk) {
        place_.directory = request.context.directory;
        place_.workspace = workspace_of(request.context);
        place_.home = request.context.home;
        place_.staged = request.context.staged;
        span_ = {0, static_cast<std::uint32_t>(request.action.text.size())};
    }

    void read(std::string_view name, const json::value& value) {
        if (const auto* object = value.if_object()) {
            for (const auto& member : *object) {
                read(member.key(), member.value());
            }
        } else if (const auto* array = value.if_array()) {
            for (const auto& element : *array) {
                read(name, element);
            }
        } else if (const auto* text = value.if_string()) {
            read_string(name, *text);
        }
    }
    [[nodiscard]] bool found_target() const { return found_; }

private:
    void read_string(std::string_view name, std::string_view text) {
        if (stands_in(kShellArguments, name)) {
            found_ = true;
            walk_.quoted_text(text, span_);
        } else if (kind_ == EffectKind::DbRead && stands_in(kSqlArguments, name)) {
            found_ = true;
            walk_.sql(text, sql::Dialect::Postgres, span_);
        } else if (text.starts_with("http://") || text.starts_with("https://")) {
            add_host(text);
        } else if (looks_like_path(text) || stands_in(kPathArguments, name)) {
            add_path(text);
        }
    }

    void add_host(std::string_view url) {
        const std::string host = host_of_url(url);
        const bool sends = is_write(kind_) || kind_ == EffectKind::Publish;
        found_ = true;
        walk_.add_effect({.kind = sends ? EffectKind::Upload : EffectKind::Download,
                          .target = host,
                          .place = catalogue::class_of_host(host),
                          .span = span_,
                          .detail = {}},
                         0);
    }

    void add_path(std::string_view path) {
        const auto resolved = catalogue::resolve_path(path, place_);
        const Place place = resolved ? catalogue::class_of_path(*resolved, place_) : Place::Unknown;
        EffectKind kind = kind_;
        if (place == Place::Secret && !is_write(kind)) {
            kind = EffectKind::SecretRead;
        }
        found_ = true;
        walk_.add_effect({.kind = kind,
                          .target = resolved.value_or(std::string()),
                          .place = place,
                          .span = span_,
                          .detail = {}},
                         0);
    }

    EffectKind kind_;
    Unwrapper& walk_;
    catalogue::Place place_;
    model::Span span_;
    bool found_ = false;
};

const Verb* claude_code_tool(const model::Action& action) {
    if (action.server != kClaudeCodeServer) {
        return nullptr;
    }
    const auto* tool = std::find_if(kClaudeCodeTools.begin(), kClaudeCodeTools.end(),
                                    [&](const Verb& entry) { return entry.word == action.name; });
    return tool == kClaudeCodeTools.end() ? nullptr : tool;
}

}  // namespace

std::optional<EffectKind> kind_of_tool(std::string_view server, std::string_view tool_name) {
    const auto* known =
        std::find_if(kServerTools.begin(), kServerTools.end(), [&](const ServerTool& entry) {
            return entry.tool == tool_name && server.find(entry.server) != std::string_view::npos;
        });
    return known != kServerTools.end() ? std::optional(known->kind) : kind_of_tool(tool_name);
}

std::optional<EffectKind> kind_of_tool(std::string_view tool_name) {
    const std::vector<std::string> words = words_of(tool_name);
    std::optional<EffectKind> kind;
    for (const std::string& word : words) {
        const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(),
                                       [&](const Verb& entry) { return entry.word == word; });
        if (verb != kVerbs.end()) {
            kind = verb->kind;
            break;
        }
    }
    if (!kind || !is_write(*kind)) {
        return kind;
    }
    for (const std::string& word : words) {
        if (stands_in(kIdentityNouns, word)) {
            return EffectKind::Identity;
        }
        if (stands_in(kMoneyNouns, word)) {
            return EffectKind::Publish;
        }
    }
    return kind;
}

std::string host_of_url(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) {
        return {};
    }
    std::string_view authority = url.substr(scheme + 3);
    // A backslash ends the authority for browsers though not for RFC 3986: the shorter host is the
    // one that a lenient client would contact, so stop there as well.
    authority = authority.substr(0, authority.find_first_of("/?#\\"));
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        authority.remove_prefix(at + 1);
    }
    if (authority.starts_with("[")) {
        const std::size_t close = authority.find(']');
        return std::string(
            authority.substr(1, close == std::string_view::npos ? close : close - 1));
    }
    return std::string(authority.substr(0, authority.find(':')));
}

void read_tool_call(const model::ActionRequest& request, Unwrapper& walk) {
    const model::Action& action = request.action;
    const std::string service = action.server + "/" + action.name;
    const model::Span span{0, static_cast<std::uint32_t>(action.text.size())};
    if (const Verb* own = claude_code_tool(action)) {
        // The arguments are prose for the model or for a sub-agent: nothing of them is run here.
        walk.add_effect({.kind = own->kind,
                         .target = service,
                         .place = Place::None,
                         .span = span,
                         .detail = {}},
                        0);
        return;
    }
    const std::optional<EffectKind> kind = kind_of_tool(action.server, action.name);
    if (!kind) {
        walk.unknown("the tool " + action.name + " has no verb that is known");
        walk.add_effect({.kind = EffectKind::Unknown,
                         .target = service,
                         .place = Place::Service,
                         .span = span,
                         .detail = "a tool whose name does not tell what it does"},
                        0);
    }
    ArgumentReader reader(request, kind.value_or(EffectKind::Unknown), walk);
    if (!action.text.empty()) {
        auto arguments = text::parse_json(action.text, limits::kActionTextBytesMax);
        if (!arguments.ok()) {
            walk.unknown("the arguments are not JSON: " + arguments.error().message);
            walk.add_effect({.kind = EffectKind::Unknown,
                             .target = service,
                             .place = Place::Service,
                             .span = span,
                             .detail = "arguments that cannot be read"},
                            0);
            return;
        }
        reader.read({}, *arguments);
    }
    const bool runs = kind == EffectKind::Execute || kind == EffectKind::Eval;
    // Shell text in the arguments was read above; other code (a browser script) was not.
    if (kind && !reader.found_target()) {
        if (runs) {
            walk.unknown("the tool runs code that is not read");
        }
        walk.add_effect({.kind = *kind,
                         .target = service,
                         .place = runs ? Place::Unknown : Place::Service,
                         .span = span,
                         .detail = {}},
                        0);
    }
}

}  // namespace countersign::gate
