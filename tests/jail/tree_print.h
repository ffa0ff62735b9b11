// A tree as text, for comparing two of them byte for byte: names, types, modes, contents, targets,
// attributes, and by choice modification times and which names are one file.
#pragma once

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include "sys/files.h"

namespace countersign::jail::testing {

enum class Times { Shown, Left };

namespace detail {

inline std::string attributes(const std::string& path) {
    std::string names(4096, '\0');
    const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    std::string out;
    for (ssize_t at = 0; at < length;) {
        const std::string name = names.c_str() + at;
        at += static_cast<ssize_t>(name.size()) + 1;
        std::string value(4096, '\0');
        const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
        out += " " + name + "=" +
               value.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    return out;
}

inline void print(const std::string& path, const std::string& shown, Times times,
                  std::map<ino_t, std::string>& seen, std::string& out) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        out += shown + " cannot be looked at\n";
        return;
    }
    out += shown + " " + std::to_string(status.st_mode & ~0U) + attributes(path);
    if (times == Times::Shown) {
        out += " " + std::to_string(status.st_mtim.tv_sec) + "." +
               std::to_string(status.st_mtim.tv_nsec);
    }
    if (S_ISLNK(status.st_mode)) {
        std::string target(4096, '\0');
        const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
        out += " -> " + target.substr(0, static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    }
    if (S_ISREG(status.st_mode)) {
        const auto [known, first] = seen.emplace(status.st_ino, shown);
        if (!first) {
            out += " is " + known->second;
        }
        const auto content = sys::read_file(path, 1UL << 30U);
        out += " " + std::to_string(std::hash<std::string>()(
                         content.ok() ? content.value() : content.error().message));
    }
    out += "\n";
    if (S_ISDIR(status.st_mode)) {
        const auto names = sys::list_directory(path, 1'000'000);
        for (const std::string& name : names.ok() ? names.value() : std::vector<std::string>{}) {
            print(path + "/" + name, shown + "/" + name, times, seen, out);
        }
    }
}

}  // namespace detail

inline std::string tree(const std::string& path, Times times = Times::Shown) {
    std::string out;
    std::map<ino_t, std::string> seen;
    detail::print(path, ".", times, seen, out);
    return out;
}

}  // namespace countersign::jail::testing
