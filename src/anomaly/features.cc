#include <algorithm>
#include <array>

#include "anomaly/anomaly.h"
#include "text/utf8.h"

namespace countersign::anomaly {
namespace {

using model::Place;

// Programs whose first operand names what they do. For others the first operand is a file or a
// pattern, and counting it would fill the baseline with noise.
struct Tool {
    std::string_view name;
    std::size_t levels;  ///< operands that name the deed
};
constexpr std::array<Tool, 56> kTools = {{
    {"ansible", 1},  {"apk", 1},    {"apt", 1},       {"apt-get", 1},    {"aws", 2},
    {"az", 2},       {"brew", 1},   {"bundle", 1},    {"bun", 1},        {"cargo", 1},
    {"composer", 1}, {"conda", 1},  {"crontab", 1},   {"deno", 1},       {"dnf", 1},
    {"docker", 1},   {"dotnet", 1}, {"flyctl", 1},    {"gcloud", 2},     {"gem", 1},
    {"gh", 2},       {"git", 1},    {"go", 1},        {"gradle", 1},     {"helm", 1},
    {"heroku", 1},   {"ip", 1},     {"jj", 1},        {"journalctl", 1}, {"kubectl", 1},
    {"make", 1},     {"mvn", 1},    {"ninja", 1},     {"npm", 1},        {"npx", 1},
    {"pip", 1},      {"pip3", 1},   {"pipx", 1},      {"pnpm", 1},       {"podman", 1},
    {"poetry", 1},   {"pulumi", 2}, {"rails", 1},     {"rustup", 1},     {"serverless", 1},
    {"service", 2},  {"snap", 1},   {"systemctl", 1}, {"terraform", 1},  {"tofu", 1},
    {"uv", 1},       {"vault", 2},  {"vercel", 1},    {"wrangler", 1},   {"yarn", 1},
    {"yum", 1},
}};

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

using Words = std::vector<std::optional<std::string>>;

std::string subcommand_of(const std::string& program, const Words& words) {
    const auto tool = std::find_if(kTools.begin(), kTools.end(),
                                   [&](const Tool& entry) { return entry.name == program; });
    if (tool == kTools.end()) {
        return {};
    }
    std::string out = program;
    std::size_t found = 0;
    for (std::size_t i = 1; i < words.size() && found < tool->levels; ++i) {
        if (!words[i]) {
            break;
        }
        if (!words[i]->empty() && !words[i]->starts_with("-")) {
            out += " " + *words[i];
            ++found;
        }
    }
    return found == 0 ? std::string() : out;
}

bool is_host(Place place) {
    return place >= Place::Loopback && place <= Place::PasteOrTunnel;
}

bool is_path(Place place) {
    return place >= Place::Workspace && place <= Place::OtherPath;
}

// "/a/b/c/file" -> "/a/b"
std::string leading(std::string_view path) {
    const std::size_t first = path.find('/', 1);
    const std::size_t second = first == std::string_view::npos ? first : path.find('/', first + 1);
    return std::string(path.substr(0, second));
}

std::string directory_key(const model::Effect& effect, std::string_view workspace) {
    std::string_view path = effect.target;
    std::string key(model::place_name(effect.place));
    key += ':';
    if (!workspace.empty() && path.starts_with(workspace)) {
        path.remove_prefix(workspace.size());
        const std::size_t slash = path.find('/', 1);
        // A file of the workspace's root counts as the root, not as a directory of its own.
        return key + (slash == std::string_view::npos ? std::string(".")
                                                      : std::string(path.substr(1, slash - 1)));
    }
    return key + leading(path.substr(0, path.rfind('/') == 0 ? path.size() : path.rfind('/')));
}

std::string host_key(const model::Effect& effect) {
    if (effect.place != Place::PublicHost && effect.place != Place::PrivateHost) {
        return std::string(model::place_name(effect.place));
    }
    const std::size_t colon = effect.target.rfind(':');
    const bool port = colon != std::string::npos && effect.target.find(':') == colon;
    return port ? effect.target.substr(0, colon) : effect.target;
}

/// Valid UTF-8 first: these become names in a JSON document, and words of a command are any bytes.
void settle(std::vector<std::string>& list) {
    for (std::string& entry : list) {
        if (text::invalid_utf8_at(entry)) {
            entry = text::to_valid_utf8(entry);
        }
    }
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

void add_command(const Words& words, Features& out) {
    if (words.empty()) {
        return;
    }
    const std::string program(words.front() ? base_name(*words.front()) : "?");
    if (std::string subcommand = subcommand_of(program, words); !subcommand.empty()) {
        out.subcommands.push_back(std::move(subcommand));
    }
    out.programs.push_back(program);
}

void add_effect(const model::Effect& effect, std::string_view workspace, Features& out) {
    out.effects.push_back(std::string(model::effect_kind_name(effect.kind)) + "@" +
                          std::string(model::place_name(effect.place)));
    if (effect.target.empty()) {
        return;
    }
    if (is_host(effect.place)) {
        out.hosts.push_back(host_key(effect));
    } else if (is_path(effect.place)) {
        out.directories.push_back(directory_key(effect, workspace));
    }
}

}  // namespace

Features features_of(const model::ActionRequest& request, const model::Assessment& assessment) {
    constexpr std::int64_t kMicrosPerHour = 3600LL * 1'000'000;
    Features out;
    for (const model::JudgedCommand& command : assessment.commands) {
        add_command(command.argv, out);
    }
    const model::Action& action = request.action;
    if (action.kind == model::ActionKind::ToolCall) {
        out.programs.push_back("mcp:" + action.server);
        out.subcommands.push_back("mcp:" + action.server + " " + action.name);
    }
    for (const model::Effect& effect : assessment.effects) {
        add_effect(effect, request.context.workspace, out);
    }
    out.hour = static_cast<int>(request.context.time.microseconds / kMicrosPerHour % 24);
    for (auto* list :
         {&out.programs, &out.subcommands, &out.directories, &out.hosts, &out.effects}) {
        settle(*list);
    }
    return out;
}

}  // namespace countersign::anomaly
