#include "sys/paths.h"

#include <array>
#include <pwd.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/process.h"

namespace countersign::sys {
namespace {

/// A relative path in an XDG variable is to be ignored, says the specification.
std::string absolute_variable(std::string_view name) {
    const auto value = environment(name);
    return value && value->starts_with('/') ? *value : std::string();
}

Result<std::string> under_home(std::string_view variable, std::string_view fallback) {
    const std::string base = absolute_variable(variable);
    if (!base.empty()) {
        return base + "/countersign";
    }
    const std::string home = TRY(home_directory());
    return home + "/" + std::string(fallback) + "/countersign";
}

bool owned_directory(const std::string& path) {
    const auto status = file_status(path);
    return status.ok() && status->has_value() && (**status).type == FileStatus::Type::Directory &&
           (**status).owner == user_id();
}

}  // namespace

Result<std::string> home_directory() {
    std::string home = absolute_variable("HOME");
    if (!home.empty()) {
        return home;
    }
    std::array<char, 16 * 1024> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user_id(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr && entry.pw_dir[0] == '/') {
        return std::string(entry.pw_dir);
    }
    return Error(ErrorCode::NotFound, "no home directory is known", "set HOME");
}

Result<std::string> config_directory() {
    return under_home("XDG_CONFIG_HOME", ".config");
}

Result<std::string> state_directory() {
    return under_home("XDG_STATE_HOME", ".local/state");
}

std::string runtime_directory() {
    const std::string base = absolute_variable("XDG_RUNTIME_DIR");
    if (!base.empty()) {
        return base + "/countersign";
    }
    const std::string user = std::to_string(user_id());
    if (owned_directory("/run/user/" + user)) {
        return "/run/user/" + user + "/countersign";
    }
    return user_id() == 0 ? "/run/countersign" : "/tmp/countersign-" + user;
}

std::string temporary_directory() {
    std::string directory = absolute_variable("TMPDIR");
    return directory.empty() ? "/tmp" : directory;
}

}  // namespace countersign::sys
