#include "policy/safer_text.h"

#include <algorithm>
#include <array>

#include "policy/modify.h"

namespace countersign::policy {
namespace {

using WordList = std::vector<std::string>;

/// A command of the text itself that is nothing but plain words.
struct Place {
    std::size_t begin = 0;
    std::size_t end = 0;
    WordList words;
};

struct Edit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string text;
};

/// find(1): what prints in another way, does something itself, or splits the expression, so that
/// a -print0 behind it would not print what the text prints.
constexpr auto kOwnOutput = std::to_array<std::string_view>(
    {"-print0", "-printf", "-fprint", "-fprint0", "-fprintf", "-ls", "-fls", "-exec", "-execdir",
     "-ok", "-okdir", "-delete", "-quit", "-prune", "-o", "-or", ",", "-not"});

/// xargs(1): the input is read in another way already, or is counted in lines. "--" as well, since
/// what follows is the command.
bool reads_in_own_way(std::string_view word) {
    constexpr std::string_view kLetters = "0adEeLl";
    const bool letter = word.size() > 1 && word[0] == '-' && word[1] != '-' &&
                        word.find_first_of(kLetters) != std::string_view::npos;
    return letter || word == "--" || word == "--null" || word.starts_with("--arg-file") ||
           word.starts_with("--delimiter") || word.starts_with("--eof") ||
           word.starts_with("--max-lines");
}

bool is_separator(char c) {
    return std::string_view(" \t\n;&|)").find(c) != std::string_view::npos;
}

/// A command's span ends with what ended the command. nullopt: not plain, or other words than those
/// that were judged (an alias, a function's argument).
std::optional<Place> place_of(const model::JudgedCommand& command, std::string_view text) {
    std::size_t end = std::min<std::size_t>(command.span.end, text.size());
    while (end > command.span.begin && is_separator(text[end - 1])) {
        --end;
    }
    if (command.inside || end <= command.span.begin) {
        return std::nullopt;
    }
    auto words = plain_words(text.substr(command.span.begin, end - command.span.begin));
    const bool same =
        words && std::equal(words->begin(), words->end(), command.argv.begin(), command.argv.end(),
                            [](const auto& a, const auto& b) { return b.has_value() && a == *b; });
    return same ? std::optional(Place{command.span.begin, end, std::move(*words)}) : std::nullopt;
}

template <std::size_t N>
bool has_any(const WordList& words, const std::array<std::string_view, N>& names) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(names.begin(), names.end(), word) != names.end();
    });
}

bool is_find(const WordList& words) {
    return words.front() == "find" && !has_any(words, kOwnOutput);
}

/// grep -l, also among other letters (-rl); patterns that begin with "-" are not looked for.
bool is_grep_names(const WordList& words) {
    return words.front() == "grep" &&
           std::any_of(words.begin() + 1, words.end(), [](const std::string& word) {
               return word == "--files-with-matches" ||
                      (word.size() > 1 && word[0] == '-' && word[1] != '-' &&
                       word.find_first_not_of("lrRinwEFsHI", 1) == std::string::npos &&
                       word.find('l') != std::string::npos);
           });
}

bool is_xargs(const WordList& words) {
    if (words.size() < 2 || words.front() != "xargs") {
        return false;
    }
    // Options end with the first word that is none, or the argument of one (-n 1, -I NAME).
    const auto end = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
        return word.size() > 1 && word[0] != '-' &&
               std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    });
    return std::none_of(words.begin() + 1, end, reads_in_own_way);
}

/// Whether nothing but one "|" stands between the two.
bool piped(const Place& left, const Place& right, std::string_view text) {
    if (right.begin < left.end) {
        return false;
    }
    const std::string_view between = text.substr(left.end, right.begin - left.end);
    return std::count(between.begin(), between.end(), '|') == 1 &&
           between.find_first_not_of("| \t\n") == std::string_view::npos;
}

void add_whole_names(const Place& left, const Place& right, std::string_view text,
                     std::vector<Edit>& edits) {
    if (!is_xargs(right.words) || !piped(left, right, text)) {
        return;
    }
    const bool found = is_find(left.words);
    if (!found && !is_grep_names(left.words)) {
        return;
    }
    if (found) {
        constexpr std::string_view kPrint = "-print";
        const bool prints = text.substr(left.begin, left.end - left.begin).ends_with(" -print");
        const bool elsewhere =
            std::count(left.words.begin(), left.words.end(), kPrint) > (prints ? 1 : 0);
        if (elsewhere) {
            return;
        }
        const std::size_t at = prints ? left.end - kPrint.size() : left.end;
        edits.push_back({at, left.end, prints ? "-print0" : " -print0"});
    } else {
        const std::size_t at = left.begin + left.words.front().size();
        edits.push_back({at, at, " -Z"});
    }
    const std::size_t at = right.begin + right.words.front().size();
    edits.push_back({at, at, " -0"});
}

std::string applied(std::string_view text, std::vector<Edit> edits) {
    std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    std::string out;
    std::size_t at = 0;
    for (const Edit& edit : edits) {
        // A function that is called twice has its commands in one place.
        if (edit.begin < at || (at > 0 && edit.begin == at && edit.end == at)) {
            continue;
        }
        out += text.substr(at, edit.begin - at);
        out += edit.text;
        at = edit.end;
    }
    out += text.substr(at);
    return out;
}

}  // namespace

std::optional<SaferText> safer_text(const std::vector<Modification>& changes,
                                    const Subject& subject) {
    const model::Action& action = subject.request().action;
    const auto& commands = subject.assessment().commands;
    if (action.kind != model::ActionKind::Command || commands.size() > kSaferTextCommandsMax) {
        return std::nullopt;
    }
    std::vector<Edit> edits;
    std::string by;
    std::optional<Place> before;
    for (const model::JudgedCommand& command : commands) {
        std::optional<Place> place = command.argv.empty() || !command.argv.front()
                                         ? std::nullopt
                                         : place_of(command, action.text);
        if (!place) {
            before = command.inside ? before : std::nullopt;
            continue;
        }
        for (const Modification& change : changes) {
            auto text = safer_words(change, subject, place->words);
            if (text) {
                edits.push_back({place->begin, place->end, std::move(*text)});
                by = by.empty() ? change.id : by;
                break;
            }
        }
        const std::size_t count = edits.size();
        if (before) {
            add_whole_names(*before, *place, action.text, edits);
        }
        by = by.empty() && edits.size() > count ? std::string(kWholeNames) : by;
        before = std::move(place);
    }
    if (edits.empty()) {
        return std::nullopt;
    }
    SaferText out{action, std::move(by)};
    out.action.text = applied(action.text, std::move(edits));
    return out;
}

}  // namespace countersign::policy
