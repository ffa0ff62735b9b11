#include <algorithm>
#include <vector>

#include "cli/command.h"

namespace countersign::cli {
namespace {

/// Levenshtein distance, for "did you mean"; words of the table are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<Found> find_command(std::span<const std::string> words) {
    std::optional<Found> best;
    for (const Command& command : commands()) {
        const auto space = command.name.find(' ');
        const std::string_view first = command.name.substr(0, space);
        const bool two = space != std::string_view::npos;
        if (words.empty() || words[0] != first ||
            (two && (words.size() < 2 || words[1] != command.name.substr(space + 1)))) {
            continue;
        }
        if (!best || two) {
            best = Found{&command, two ? 2U : 1U};
        }
    }
    return best;
}

std::string_view closest_command(std::string_view word) {
    std::string_view best;
    std::size_t best_distance = 3;
    for (const Command& command : commands()) {
        for (const std::string_view name :
             {command.name, command.name.substr(0, command.name.find(' '))}) {
            const std::size_t apart = word.size() > 40 ? 99 : distance(word, name);
            if (apart < best_distance) {
                best = name;
                best_distance = apart;
            }
        }
    }
    return best;
}

}  // namespace countersign::cli
