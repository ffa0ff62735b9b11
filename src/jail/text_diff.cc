#include "jail/text_diff.h"

#include <algorithm>
#include <vector>

namespace countersign::jail {
namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
    Lines out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t newline = text.find('\n', at);
        const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
        out.push_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

/// One step of the edit script.
struct Edit {
    char sign;         ///< ' ', '-' or '+'
    std::size_t line;  ///< into the old lines for ' ' and '-', into the new ones for '+'
};

/// Myers' forward search. Returns the furthest-reaching positions of each round, or nothing when
/// the bound was met.
std::vector<std::vector<long>> search(const Lines& a, const Lines& b) {
    const long n = static_cast<long>(a.size());
    const long m = static_cast<long>(b.size());
    const long most = std::min<long>(n + m, kDiffEditsMax);
    std::vector<long> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    const auto at = [&](long diagonal) -> long& {
        return furthest[static_cast<std::size_t>(diagonal + most + 1)];
    };
    std::vector<std::vector<long>> rounds;
    for (long d = 0; d <= most; ++d) {
        for (long k = -d; k <= d; k += 2) {
            const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
            long x = down ? at(k + 1) : at(k - 1) + 1;
            while (x < n && x - k < m &&
                   a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) {
                ++x;
            }
            at(k) = x;
            if (x >= n && x - k >= m) {
                rounds.emplace_back(furthest.begin() + (most + 1 - d),
                                    furthest.begin() + (most + 2 + d));
                return rounds;
            }
        }
        rounds.emplace_back(furthest.begin() + (most + 1 - d), furthest.begin() + (most + 2 + d));
    }
    return {};
}

std::vector<Edit> everything(const Lines& a, const Lines& b) {
    std::vector<Edit> out;
    for (std::size_t i = 0; i < a.size(); ++i) {
        out.push_back({'-', i});
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
        out.push_back({'+', i});
    }
    return out;
}

std::vector<Edit> edits(const Lines& a, const Lines& b) {
    const auto rounds = search(a, b);
    if (rounds.empty()) {
        return everything(a, b);
    }
    std::vector<Edit> out;
    long x = static_cast<long>(a.size());
    long y = static_cast<long>(b.size());
    for (long d = static_cast<long>(rounds.size()) - 1; d >= 0; --d) {
        const long k = x - y;
        // The round before holds diagonals -(d-1) to d-1.
        const auto before = [&](long diagonal) -> long {
            const long index = diagonal + d - 1;
            const auto& round = rounds[static_cast<std::size_t>(d - 1)];
            return index < 0 || index >= static_cast<long>(round.size())
                       ? -1
                       : round[static_cast<std::size_t>(index)];
        };
        const bool down = d > 0 && (k == -d || (k != d && before(k - 1) < before(k + 1)));
        const long start = d == 0 ? 0 : (down ? before(k + 1) : before(k - 1) + 1);
        while (x > start) {
            --x;
            --y;
            out.push_back({' ', static_cast<std::size_t>(x)});
        }
        if (d > 0 && down) {
            out.push_back({'+', static_cast<std::size_t>(--y)});
        } else if (d > 0) {
            out.push_back({'-', static_cast<std::size_t>(--x)});
        }
    }
    std::reverse(out.begin(), out.end());
    return out;
}

constexpr std::size_t kContext = 3;

/// Prints the edits [first, last) as one hunk; `old_line` and `new_line` count from 1.
void print_hunk(const std::vector<Edit>& script, std::size_t first, std::size_t last,
                std::size_t old_line, std::size_t new_line, const Lines& a, const Lines& b,
                std::string& out) {
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    for (std::size_t i = first; i < last; ++i) {
        const Edit& edit = script[i];
        const std::string_view line = edit.sign == '+' ? b[edit.line] : a[edit.line];
        old_count += edit.sign != '+' ? 1U : 0U;
        new_count += edit.sign != '-' ? 1U : 0U;
        body += edit.sign;
        body += line;
        if (!line.ends_with('\n')) {
            body += "\n\\ No newline at end of file\n";
        }
    }
    const auto range = [](std::size_t line, std::size_t count) {
        return std::to_string(count == 0 ? line - 1 : line) +
               (count == 1 ? "" : "," + std::to_string(count));
    };
    out += "@@ -" + range(old_line, old_count) + " +" + range(new_line, new_count) + " @@\n" + body;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
    const Lines a = lines_of(before);
    const Lines b = lines_of(after);
    const std::vector<Edit> script = edits(a, b);
    std::string out;
    std::size_t old_line = 1;
    std::size_t new_line = 1;
    std::size_t counted = 0;
    const auto count = [&](std::size_t end) {
        for (; counted < end; ++counted) {
            old_line += script[counted].sign != '+' ? 1U : 0U;
            new_line += script[counted].sign != '-' ? 1U : 0U;
        }
    };
    for (std::size_t i = 0; i < script.size();) {
        if (script[i].sign == ' ') {
            ++i;
            continue;
        }
        const std::size_t first = i > counted + kContext ? i - kContext : counted;
        std::size_t last = i + 1;
        for (std::size_t next = last; next < script.size() && next <= last + 2 * kContext; ++next) {
            last = script[next].sign == ' ' ? last : next + 1;
        }
        const std::size_t end = std::min(last + kContext, script.size());
        count(first);
        print_hunk(script, first, end, old_line, new_line, a, b, out);
        count(end);
        i = end;
    }
    return out;
}

bool looks_binary(std::string_view content) {
    constexpr std::size_t kLooked = 8000;
    return content.substr(0, kLooked).find('\0') != std::string_view::npos;
}

}  // namespace countersign::jail
