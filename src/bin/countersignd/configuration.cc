// Without exceptions, as policy/ has it: two modes of the library in one program clash.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include "bin/countersignd/configuration.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <toml++/toml.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/note.h"
#include "sys/files.h"

namespace countersign::bin {
namespace {

constexpr std::size_t kPolicyFilesMax = 256;

struct LevelName {
    std::string_view name;
    log::Level level;
};

constexpr std::array kLevels = {
    LevelName{"debug", log::Level::Debug}, LevelName{"info", log::Level::Info},
    LevelName{"warning", log::Level::Warning}, LevelName{"error", log::Level::Error}};

Error malformed(const std::string& path, const std::string& what) {
    return {ErrorCode::Malformed, path + ": " + what};
}

Result<toml::table> parse(const std::string& path, const std::string& text) {
    toml::parse_result result = toml::parse(text, path);
    if (!result) {
        const toml::parse_error& error = result.error();
        std::ostringstream where;
        where << error.source().begin.line << ": " << error.description();
        return malformed(path, where.str());
    }
    return std::move(result).table();
}

Result<void> read_member(const std::string& path, std::string_view name, const toml::node& value,
                         Configuration& out) {
    if (name == "port") {
        const auto port = value.value<std::int64_t>();
        if (!value.is_integer() || *port < 0 || *port > 65535) {
            return malformed(path, "port is no number from 0 to 65535");
        }
        if (out.port) {
            out.port = static_cast<std::uint16_t>(*port);
        }
    } else if (name == "browser") {
        if (!value.is_boolean()) {
            return malformed(path, "browser is neither true nor false");
        }
        if (!*value.value<bool>()) {
            out.port.reset();
        }
    } else if (name == "origin") {
        out.origin = value.is_string() ? *value.value<std::string>() : std::string();
        if (!crypto::note_name_valid(out.origin)) {
            return malformed(path, "origin is no name (no spaces, no +)");
        }
    } else if (name == "log_level") {
        const std::string spelled = value.is_string() ? *value.value<std::string>() : std::string();
        const auto level = std::find_if(kLevels.begin(), kLevels.end(),
                                        [&](const LevelName& one) { return one.name == spelled; });
        if (level == kLevels.end()) {
            return malformed(path, "log_level is debug, info, warning or error");
        }
        out.log_level = level->level;
    } else {
        return malformed(path, "unknown setting gateway." + std::string(name));
    }
    return {};
}

Result<void> read_table(const std::string& path, const toml::table& root, Configuration& out) {
    for (const auto& [section, node] : root) {
        const toml::table* table = node.as_table();
        if (section.str() != "gateway" || table == nullptr) {
            return malformed(path, "unknown section " + std::string(section.str()));
        }
        for (const auto& [name, value] : *table) {
            TRY(read_member(path, name.str(), value, out));
        }
    }
    return {};
}

}  // namespace

Result<Configuration> read_configuration(const std::string& directory,
                                         const std::string& host_name) {
    Configuration out;
    out.origin = "countersign.local/" + (host_name.empty() ? "host" : host_name);
    const std::string path = directory + "/countersignd.toml";
    auto text = sys::read_file(path, limits::kConfigBytesMax);
    if (!text.ok() && text.error().code != ErrorCode::NotFound) {
        return text.take_error();
    }
    const std::string content = text.ok() ? text.take() : std::string();
    out.digest = crypto::sha256(content).text();
    const toml::table root = TRY(parse(path, content));
    TRY(read_table(path, root, out));
    return out;
}

Result<std::vector<policy::Source>> policy_sources(const std::string& directory) {
    std::vector<policy::Source> sources{policy::Policy::builtin_source()};
    auto names = sys::list_directory(directory, kPolicyFilesMax);
    if (!names.ok()) {
        if (names.error().code == ErrorCode::NotFound) {
            return sources;
        }
        return names.take_error();
    }
    for (const std::string& name : *names) {
        if (!name.ends_with(".toml")) {
            continue;
        }
        const std::string path = directory + "/" + name;
        policy::Source source;
        source.name = path;
        source.text = TRY(sys::read_file(path, limits::kConfigBytesMax));
        if (name == "default.toml") {
            sources.front() = std::move(source);
        } else {
            sources.push_back(std::move(source));
        }
    }
    return sources;
}

Result<policy::Policy> DirectoryPolicies::load() {
    const auto sources = TRY(policy_sources(directory_));
    return policy::Policy::load(sources);
}

}  // namespace countersign::bin
