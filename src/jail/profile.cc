#include "jail/profile.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

using Paths = std::vector<std::string> Profile::*;

constexpr std::string_view kEverything = "everything";
constexpr std::size_t kAboutBytesMax = 200;

/// Bytes are written in the largest unit that divides them.
struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array kUnits = {Unit{"TiB", 1ULL << 40U}, Unit{"GiB", 1ULL << 30U},
                               Unit{"MiB", 1ULL << 20U}};
constexpr std::uint64_t kBytesLeast = 16ULL << 20U;
constexpr std::uint64_t kBytesMost = 1024ULL << 40U;

std::string print_bytes(std::uint64_t bytes) {
    for (const Unit& unit : kUnits) {
        if (bytes % unit.bytes == 0) {
            return std::to_string(bytes / unit.bytes) + std::string(unit.name);
        }
    }
    return std::to_string(bytes);
}

Error bad(std::string why) {
    return {ErrorCode::InvalidArgument, std::move(why)};
}

Result<std::uint64_t> read_bytes(std::string_view value) {
    for (const Unit& unit : kUnits) {
        if (!value.ends_with(unit.name)) {
            continue;
        }
        const auto count = text::parse_integer(value.substr(0, value.size() - unit.name.size()), 1,
                                               static_cast<std::int64_t>(kBytesMost / unit.bytes));
        if (!count) {
            break;
        }
        const std::uint64_t bytes = static_cast<std::uint64_t>(*count) * unit.bytes;
        if (bytes < kBytesLeast) {
            return bad("less than " + print_bytes(kBytesLeast));
        }
        if (print_bytes(bytes) != value) {
            return bad("is written " + print_bytes(bytes));
        }
        return bytes;
    }
    return bad("a size is a whole number of MiB, GiB or TiB, such as 4GiB");
}

/// nullopt: fine.
std::optional<std::string> fault_of_path(std::string_view path) {
    if (path.size() > limits::kPathBytesMax || text::visible(path, 65'536) != path) {
        return "a path that is too long or holds hidden characters";
    }
    std::string_view rest = path;
    if (rest.starts_with('~')) {
        rest.remove_prefix(1);
        if (rest.empty()) {
            return std::nullopt;
        }
    }
    if (rest.size() < 2 || rest.front() != '/') {
        return "a path is absolute, or starts with ~/ for the person's home";
    }
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view part = rest.substr(0, rest.find('/'));
        if (part.empty() || part == "." || part == "..") {
            return "a path has no empty parts, no \".\" and no \"..\"";
        }
        rest.remove_prefix(part.size());
    }
    return std::nullopt;
}

Result<void> add_path(std::vector<std::string>& list, std::string_view value) {
    if (const auto fault = fault_of_path(value)) {
        return bad(*fault);
    }
    if (std::find(list.begin(), list.end(), value) != list.end()) {
        return bad("stands there already");
    }
    if (list.size() >= model::kWeakeningsMax) {
        return bad("too many paths");
    }
    list.emplace_back(value);
    return {};
}

Result<void> read_about(Profile& into, std::string_view value) {
    if (value.size() > kAboutBytesMax || text::visible(value, 65'536) != value) {
        return bad("too long, or holds hidden characters");
    }
    into.about = value;
    return {};
}

Result<void> read_network(Profile& into, std::string_view value) {
    for (std::size_t i = 0; i < kProfileNetworkNames.size(); ++i) {
        if (value == kProfileNetworkNames[i]) {
            into.network = static_cast<Profile::Network>(i);
            return {};
        }
    }
    return bad("gated, none or host");
}

Result<void> read_readable(Profile& into, std::string_view value) {
    return value == kEverything ? Result<void>() : add_path(into.readable, value);
}
template <Paths list>
Result<void> read_paths(Profile& into, std::string_view value) {
    return add_path(into.*list, value);
}

Result<void> read_processes(Profile& into, std::string_view value) {
    // The least pid_max of the kernel, and its largest number of processes.
    const auto count = text::parse_integer(value, 301, 4'194'304);
    if (!count) {
        return bad("a number from 301 to 4194304");
    }
    into.limits.processes = *count;
    return {};
}

Result<void> read_temporary(Profile& into, std::string_view value) {
    into.limits.temporary_bytes = TRY(read_bytes(value));
    return {};
}

struct Line {
    std::string_view keyword;
    enum class Times { Once, Many } times;
    enum class Need { Must, May } need;
    Result<void> (*read)(Profile& into, std::string_view value);
};
using Times = Line::Times;
using Need = Line::Need;

constexpr std::array kLines = {
    Line{"about", Times::Once, Need::Must, read_about},
    Line{"network", Times::Once, Need::Must, read_network},
    Line{"read", Times::Many, Need::Must, read_readable},
    Line{"hide", Times::Many, Need::May, read_paths<&Profile::hidden>},
    Line{"writable", Times::Many, Need::May, read_paths<&Profile::writable>},
    Line{"show", Times::Many, Need::May, read_paths<&Profile::shown>},
    Line{"socket", Times::Many, Need::May, read_paths<&Profile::sockets>},
    Line{"processes", Times::Once, Need::May, read_processes},
    Line{"temporary", Times::Once, Need::May, read_temporary},
};

/// Reads line by line and remembers what was there.
class Parser {
public:
    Result<void> take(std::string_view line) {
        if (line.empty() || line.starts_with('#')) {
            return {};
        }
        const std::size_t space = line.find(' ');
        const std::string_view keyword = line.substr(0, space);
        const auto* const row = std::find_if(kLines.begin(), kLines.end(), [&](const Line& known) {
            return known.keyword == keyword;
        });
        if (row == kLines.end()) {
            return bad("unknown keyword \"" + text::visible(keyword, 64) + "\"");
        }
        const std::string_view value =
            space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
        if (value.empty() || value.front() == ' ' || value.back() == ' ') {
            return bad(std::string(keyword) + ": one space, a value, and nothing after it");
        }
        int& times = seen_[static_cast<std::size_t>(row - kLines.begin())];
        if (++times > 1 && (row->times == Times::Once || (everything_ && row->keyword == "read"))) {
            return bad(std::string(keyword) + ": stands there once too often");
        }
        if (row->keyword == "read" && value == kEverything) {
            if (times > 1) {
                return bad("read: everything, or paths");
            }
            everything_ = true;
        }
        auto read = row->read(profile_, value);
        return read.ok() ? std::move(read)
                         : bad(std::string(keyword) + ": " + read.error().message);
    }

    Result<Profile> finish() {
        for (std::size_t i = 0; i < kLines.size(); ++i) {
            if (kLines[i].need == Need::Must && seen_[i] == 0) {
                return bad("has no line \"" + std::string(kLines[i].keyword) + "\"");
            }
        }
        return std::move(profile_);
    }

private:
    Profile profile_;
    std::array<int, kLines.size()> seen_{};
    bool everything_ = false;
};

void print_line(std::string& out, std::string_view keyword, std::string_view value) {
    out.append(keyword).append(" ").append(value).append("\n");
}

void print_paths(std::string& out, std::string_view keyword, const std::vector<std::string>& list) {
    for (const std::string& path : list) {
        print_line(out, keyword, path);
    }
}

std::string at_home(const std::string& path, const std::string& home) {
    return path.starts_with('~') ? home + path.substr(1) : path;
}

std::vector<std::string> placed(const std::vector<std::string>& list, const std::string& home) {
    std::vector<std::string> out;
    for (const std::string& path : list) {
        if (!path.starts_with('~') || !home.empty()) {
            out.push_back(at_home(path, home));
        }
    }
    return out;
}

}  // namespace

Result<Profile> parse_profile(std::string_view text) {
    if (text.size() > limits::kConfigBytesMax) {
        return bad("is too long for a profile");
    }
    if (!text.empty() && !text.ends_with('\n')) {
        return bad("does not end with a newline");
    }
    Parser parser;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const auto taken = parser.take(text.substr(0, end));
        if (!taken.ok()) {
            return bad("line " + std::to_string(number) + ": " + taken.error().message);
        }
        text.remove_prefix(end + 1);
    }
    return parser.finish();
}

std::string print_profile(const Profile& profile) {
    std::string out;
    print_line(out, "about", profile.about);
    print_line(out, "network", kProfileNetworkNames[static_cast<std::size_t>(profile.network)]);
    if (profile.readable.empty()) {
        print_line(out, "read", kEverything);
    }
    print_paths(out, "read", profile.readable);
    print_paths(out, "hide", profile.hidden);
    print_paths(out, "writable", profile.writable);
    print_paths(out, "show", profile.shown);
    print_paths(out, "socket", profile.sockets);
    print_line(out, "processes", std::to_string(profile.limits.processes));
    if (profile.limits.temporary_bytes != 0) {
        print_line(out, "temporary", print_bytes(profile.limits.temporary_bytes));
    }
    return out;
}

std::vector<Weakening> weakenings_of(const Profile& profile, const std::string& home) {
    std::vector<Weakening> out;
    if (profile.network == Profile::Network::Machine) {
        out.push_back(Weakening::machine_network());
    }
    for (std::string& path : placed(profile.writable, home)) {
        out.push_back(Weakening::writable(std::move(path)));
    }
    for (std::string& path : placed(profile.shown, home)) {
        out.push_back(Weakening::shown(std::move(path)));
    }
    for (std::string& path : placed(profile.sockets, home)) {
        out.push_back(Weakening::socket(std::move(path)));
    }
    return out;
}

void apply(const Profile& profile, RunOptions& options) {
    options.network = profile.network == Profile::Network::None ? Network::None : Network::Gated;
    // A list that means nothing without a home must not become "everything".
    if (!profile.readable.empty()) {
        options.readable = placed(profile.readable, options.home);
        options.reading = Reading::Listed;
    }
    for (std::string& path : placed(profile.hidden, options.home)) {
        options.hidden.push_back(std::move(path));
    }
    options.limits = profile.limits;
}

bool profile_name_ok(std::string_view name) {
    constexpr std::size_t kNameMax = 32;
    const auto fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name.size() <= kNameMax && name.front() >= 'a' && name.front() <= 'z' &&
           std::all_of(name.begin(), name.end(), fine);
}

}  // namespace countersign::jail
