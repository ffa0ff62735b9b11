#include "policy/modify.h"

#include <algorithm>

#include "policy/match.h"

namespace countersign::policy {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:@%+,").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
        return word;
    }
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

// The words that the stars of `pattern` took, in order: single stars first to last, then the rest.
struct Taken {
    std::vector<std::string> ones;
    std::vector<std::string> rest;
};

std::optional<Taken> take(const std::vector<std::string>& pattern,
                          const std::vector<std::string>& words) {
    Taken out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == "**") {
            out.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(std::min(i, words.size())),
                            words.end());
            return out;
        }
        if (i >= words.size() || (pattern[i] != "*" && pattern[i] != words[i])) {
            return std::nullopt;
        }
        if (pattern[i] == "*") {
            out.ones.push_back(words[i]);
        }
    }
    return words.size() == pattern.size() ? std::optional(out) : std::nullopt;
}

std::vector<std::string> fill(const std::vector<std::string>& replacement, const Taken& taken) {
    std::vector<std::string> out;
    std::size_t next = 0;
    for (const std::string& word : replacement) {
        if (word == "**") {
            out.insert(out.end(), taken.rest.begin(), taken.rest.end());
        } else if (word == "*" && next < taken.ones.size()) {
            out.push_back(taken.ones[next++]);
        } else {
            out.push_back(word);
        }
    }
    return out;
}

std::string as_text(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + quoted(word);
    }
    return text;
}

// The only command's words, when the action is that command and nothing else.
std::optional<std::vector<std::string>> only_words(const Subject& subject) {
    const model::Action& action = subject.request().action;
    if (subject.commands().size() != 1) {
        return std::nullopt;
    }
    if (action.kind == model::ActionKind::Exec) {
        return action.argv;
    }
    if (action.kind != model::ActionKind::Command) {
        return std::nullopt;
    }
    auto words = plain_words(action.text);
    const Words& judged = *subject.commands().front().words;
    const bool same =
        words && std::equal(words->begin(), words->end(), judged.begin(), judged.end(),
                            [](const auto& a, const auto& b) { return b.has_value() && a == *b; });
    return same ? words : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> plain_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool started = false;
    char quote = 0;
    for (const char c : text) {
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else if (quote == '"' &&
                       std::string_view("$`\\!").find(c) != std::string_view::npos) {
                return std::nullopt;
            } else {
                word += c;
            }
        } else if (c == '\'' || c == '"') {
            quote = c;
            started = true;
        } else if (c == ' ' || c == '\t') {
            if (started) {
                words.push_back(std::move(word));
            }
            word.clear();
            started = false;
        } else if (is_plain(c) || (c == '=' && !words.empty())) {
            word += c;
            started = true;
        } else {
            return std::nullopt;
        }
    }
    if (quote != 0) {
        return std::nullopt;
    }
    if (started) {
        words.push_back(std::move(word));
    }
    return words;
}

std::optional<model::Action> modified(const Modification& change, const Subject& subject) {
    if (!in_scope(change.scope, subject.request())) {
        return std::nullopt;
    }
    const auto words = only_words(subject);
    const auto taken = words ? take(change.words, *words) : std::nullopt;
    if (!taken) {
        return std::nullopt;
    }
    std::vector<std::string> replaced = fill(change.replacement, *taken);
    if (replaced == *words) {
        return std::nullopt;
    }
    model::Action out = subject.request().action;
    if (out.kind == model::ActionKind::Exec) {
        out.argv = std::move(replaced);
        return out;
    }
    out.text = as_text(replaced);
    return out;
}

std::optional<std::string> safer_words(const Modification& change, const Subject& subject,
                                       const std::vector<std::string>& words) {
    const auto taken =
        in_scope(change.scope, subject.request()) ? take(change.words, words) : std::nullopt;
    if (!taken) {
        return std::nullopt;
    }
    const std::vector<std::string> replaced = fill(change.replacement, *taken);
    return replaced == words ? std::nullopt : std::optional(as_text(replaced));
}

}  // namespace countersign::policy
