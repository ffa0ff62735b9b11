#include "text/glob.h"

#include <optional>

namespace countersign::text {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

struct Atom {
    std::size_t length = 0;  // pattern bytes taken; 0 = malformed
    bool matches = false;
};

Atom match_bracket(std::string_view pattern, std::size_t at, char c) {
    std::size_t i = at + 1;
    bool negated = false;
    if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
        negated = true;
        ++i;
    }
    bool inside = false;
    bool first = true;
    while (i < pattern.size() && (pattern[i] != ']' || first)) {
        first = false;
        if (pattern[i] == '\\' && i + 1 < pattern.size()) {
            ++i;
        }
        const char low = pattern[i];
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            inside = inside || (low <= c && c <= pattern[i + 2]);
            i += 3;
        } else {
            inside = inside || low == c;
            ++i;
        }
    }
    if (i >= pattern.size()) {
        return {};
    }
    return {i + 1 - at, inside != negated};
}

// One pattern element other than a star against one character.
Atom match_atom(std::string_view pattern, std::size_t at, char c, GlobStars stars) {
    const bool slash_barred = stars == GlobStars::StopAtSlash && c == '/';
    switch (pattern[at]) {
        case '?':
            return {1, !slash_barred};
        case '[': {
            Atom atom = match_bracket(pattern, at, c);
            atom.matches = atom.matches && !slash_barred;
            return atom;
        }
        case '\\':
            if (at + 1 >= pattern.size()) {
                return {};
            }
            return {2, pattern[at + 1] == c};
        default:
            return {1, pattern[at] == c};
    }
}

}  // namespace

bool glob_valid(std::string_view pattern) {
    std::size_t at = 0;
    while (at < pattern.size()) {
        if (pattern[at] == '*') {
            ++at;
            continue;
        }
        const Atom atom = match_atom(pattern, at, 'x', GlobStars::CrossSlash);
        if (atom.length == 0) {
            return false;
        }
        at += atom.length;
    }
    return true;
}

bool glob_match(std::string_view pattern, std::string_view text, GlobStars stars) {
    if (!glob_valid(pattern)) {
        return false;
    }
    std::size_t p = 0;
    std::size_t t = 0;
    // Where to resume after the last single star and the last double star. A single star may not
    // give back past a slash; the enclosing double star then takes one character more.
    struct Resume {
        std::size_t pattern = kNone;
        std::size_t text = 0;
    };
    Resume single;
    Resume twin;
    for (;;) {
        if (p < pattern.size() && pattern[p] == '*') {
            const bool crosses =
                stars == GlobStars::CrossSlash || (p + 1 < pattern.size() && pattern[p + 1] == '*');
            while (p < pattern.size() && pattern[p] == '*') {
                ++p;
            }
            (crosses ? twin : single) = {p, t};
            if (crosses) {
                single = {};
            }
            continue;
        }
        if (p == pattern.size() && t == text.size()) {
            return true;
        }
        if (p < pattern.size() && t < text.size()) {
            const Atom atom = match_atom(pattern, p, text[t], stars);
            if (atom.matches) {
                p += atom.length;
                ++t;
                continue;
            }
        }
        if (single.pattern != kNone && single.text < text.size() && text[single.text] != '/') {
            p = single.pattern;
            t = ++single.text;
        } else if (twin.pattern != kNone && twin.text < text.size()) {
            p = twin.pattern;
            t = ++twin.text;
            single = {};
        } else {
            return false;
        }
    }
}

bool has_glob(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
            return true;
        }
    }
    return false;
}

}  // namespace countersign::text
