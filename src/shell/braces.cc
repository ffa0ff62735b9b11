#include "shell/braces.h"

#include <charconv>
#include <cstdint>
#include <string>

#include "base/limits.h"

namespace countersign::shell {

namespace {

/// One character of unquoted text, or a part that braces never look into.
struct Atom {
    char c = '\0';
    const Part* part = nullptr;
};
using Atoms = std::vector<Atom>;

class Expansion {
public:
    explicit Expansion(std::size_t words_max) : words_max_(words_max) {}

    [[nodiscard]] bool failed() const { return failed_; }

    std::vector<Atoms> expand(const Atoms& text, std::size_t depth) {
        std::size_t open = 0;
        std::size_t close = 0;
        std::size_t from = 0;
        if (depth > limits::kShellNestingMax) {
            failed_ = true;
        }
        // Below, all of it is copied, and the copies of each level are alive while the next one
        // works.
        while (!failed_ && find_pair(text, from, open, close) &&
               spend(text.size() * sizeof(Atom))) {
            const Atoms inside(text.begin() + at(open + 1), text.begin() + at(close));
            std::vector<Atoms> middle;
            if (has_comma(inside)) {
                middle = expand_pieces(inside, depth);
            } else if (!expand_sequence(inside, middle)) {
                Atoms whole(text.begin() + at(open), text.begin() + at(close + 1));
                middle.push_back(std::move(whole));
            }
            const Atoms before(text.begin(), text.begin() + at(open));
            const Atoms after(text.begin() + at(close + 1), text.end());
            return combine(before, middle, expand(after, depth + 1));
        }
        return {text};
    }

private:
    static std::ptrdiff_t at(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }

    bool spend(std::size_t work) {
        work_ += work;
        if (work_ > limits::kShellExpansionBytesMax) {
            failed_ = true;
        }
        return !failed_;
    }

    static char peek(const Atoms& text, std::size_t i) {
        return i < text.size() && text[i].part == nullptr ? text[i].c : '\0';
    }

    /// The first { that has a partner with a comma or ".." between them.
    bool find_pair(const Atoms& text, std::size_t from, std::size_t& open, std::size_t& close) {
        for (std::size_t i = from; i < text.size() && !failed_; ++i) {
            if (peek(text, i) != '{') {
                continue;
            }
            const bool blank_before = i == 0;
            if (blank_before && (i + 1 == text.size() || peek(text, i + 1) == '}')) {
                continue;
            }
            if (find_close(text, i + 1, close)) {
                open = i;
                return true;
            }
        }
        return false;
    }

    bool find_close(const Atoms& text, std::size_t begin, std::size_t& close) {
        std::size_t level = 0;
        bool separated = false;
        for (std::size_t i = begin; i < text.size() && spend(1); ++i) {
            const char c = peek(text, i);
            if (c == '}' && level == 0 && separated) {
                close = i;
                return true;
            }
            if (c == '{') {
                ++level;
            } else if (c == '}' && level > 0) {
                --level;
            } else if (level == 0 && c == ',') {
                separated = true;
            } else if (level == 0 && c == '.' && peek(text, i + 1) == '.' &&
                       peek(text, i + 2) != '}') {
                separated = true;
            }
        }
        return false;
    }

    static bool has_comma(const Atoms& text) {
        for (const Atom& atom : text) {
            if (atom.part == nullptr && atom.c == ',') {
                return true;
            }
        }
        return false;
    }

    std::vector<Atoms> expand_pieces(const Atoms& inside, std::size_t depth) {
        std::vector<Atoms> out;
        Atoms piece;
        std::size_t level = 0;
        for (std::size_t i = 0; i <= inside.size() && !failed_; ++i) {
            const char c = i == inside.size() ? ',' : peek(inside, i);
            if (i == inside.size() || (c == ',' && level == 0)) {
                for (Atoms& word : expand(piece, depth + 1)) {
                    spend(word.size() + 1);
                    out.push_back(std::move(word));
                }
                piece.clear();
                continue;
            }
            if (c == '{') {
                ++level;
            } else if (c == '}' && level > 0) {
                --level;
            }
            piece.push_back(inside[i]);
        }
        return out;
    }

    std::vector<Atoms> combine(const Atoms& before, const std::vector<Atoms>& middle,
                               const std::vector<Atoms>& after) {
        std::vector<Atoms> out;
        if (middle.size() * after.size() > words_max_) {
            failed_ = true;
            return out;
        }
        for (const Atoms& m : middle) {
            for (const Atoms& a : after) {
                if (!spend(before.size() + m.size() + a.size() + 1)) {
                    return out;
                }
                Atoms word = before;
                word.insert(word.end(), m.begin(), m.end());
                word.insert(word.end(), a.begin(), a.end());
                out.push_back(std::move(word));
            }
        }
        return out;
    }

    static bool number(const std::string& text, std::int64_t& value) {
        const char* begin = text.data();
        if (!text.empty() && text[0] == '+') {
            ++begin;
        }
        const auto parsed = std::from_chars(begin, text.data() + text.size(), value);
        return !text.empty() && parsed.ec == std::errc() &&
               parsed.ptr == text.data() + text.size() && value > -1000000000000 &&
               value < 1000000000000;
    }

    static std::size_t zero_width(const std::string& text) {
        const bool sign = text[0] == '-';
        const std::size_t first = sign ? 1 : 0;
        return text.size() > first + 1 && text[first] == '0' ? text.size() : 0;
    }

    bool expand_sequence(const Atoms& inside, std::vector<Atoms>& out) {
        std::string text;
        for (const Atom& atom : inside) {
            if (atom.part != nullptr) {
                return false;
            }
            text += atom.c;
        }
        const std::size_t first = text.find("..");
        if (first == std::string::npos) {
            return false;
        }
        const std::size_t second = text.find("..", first + 2);
        const std::string from = text.substr(0, first);
        const std::string to = text.substr(
            first + 2, second == std::string::npos ? std::string::npos : second - first - 2);
        std::int64_t step = 1;
        if (second != std::string::npos && !number(text.substr(second + 2), step)) {
            return false;
        }
        step = step < 0 ? -step : step;
        step = step == 0 ? 1 : step;
        std::int64_t low = 0;
        std::int64_t high = 0;
        std::size_t width = 0;
        bool letters = false;
        if (number(from, low) && number(to, high)) {
            width = std::max(zero_width(from), zero_width(to));
            width = width == 0 ? 0 : std::max(from.size(), to.size());
        } else if (from.size() == 1 && to.size() == 1 && is_letter(from[0]) && is_letter(to[0])) {
            letters = true;
            low = from[0];
            high = to[0];
        } else {
            return false;
        }
        const bool down = high < low;
        const std::int64_t count = ((down ? low - high : high - low) / step) + 1;
        if (count > static_cast<std::int64_t>(words_max_)) {
            failed_ = true;
            return true;
        }
        for (std::int64_t i = 0; i < count && spend(24); ++i) {
            const std::int64_t value = down ? low - i * step : low + i * step;
            std::string item =
                letters ? std::string(1, static_cast<char>(value)) : padded(value, width);
            Atoms word;
            for (const char c : item) {
                word.push_back({c, nullptr});
            }
            out.push_back(std::move(word));
        }
        return true;
    }

    static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

    static std::string padded(std::int64_t value, std::size_t width) {
        std::string digits = std::to_string(value < 0 ? -value : value);
        const std::size_t taken = digits.size() + (value < 0 ? 1U : 0U);
        if (taken < width) {
            digits.insert(0, width - taken, '0');
        }
        return value < 0 ? "-" + digits : digits;
    }

    std::size_t words_max_;
    std::size_t work_ = 0;
    bool failed_ = false;
};

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// bash expands braces in the text and reads what comes out: "{$X,b}1" holds $X1, and "{$,b}'x'"
/// holds $'x'. Such words are not followed.
bool joins_differently(const Atoms& atoms) {
    for (std::size_t i = 0; i + 1 < atoms.size(); ++i) {
        const Part* part = atoms[i].part;
        const char next = atoms[i + 1].part == nullptr ? atoms[i + 1].c : '\0';
        const bool open_name = part != nullptr && part->kind == PartKind::Parameter &&
                               !part->parameter->braces && is_name_char(part->parameter->name[0]);
        if ((part == nullptr && atoms[i].c == '$') || (open_name && is_name_char(next))) {
            return true;
        }
    }
    return false;
}

Word rebuild(const Word& original, const Atoms& atoms, Arena& arena) {
    std::vector<Part> parts;
    std::string run;
    const auto flush = [&] {
        if (!run.empty()) {
            Part part;
            part.span = original.span;
            part.text = arena.copy(std::string_view(run));
            parts.push_back(part);
            run.clear();
        }
    };
    for (const Atom& atom : atoms) {
        if (atom.part == nullptr) {
            run += atom.c;
        } else {
            flush();
            parts.push_back(*atom.part);
        }
    }
    flush();
    Word word = original;
    word.parts = arena.copy(std::span<const Part>(parts));
    return word;
}

}  // namespace

bool may_hold_braces(const Word& word) {
    for (const Part& part : word.parts) {
        if (part.kind == PartKind::Literal && part.text.find('{') != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

std::optional<std::vector<Word>> expand_braces(const Word& word, Arena& arena,
                                               std::size_t words_max) {
    Atoms atoms;
    for (const Part& part : word.parts) {
        if (part.kind == PartKind::Literal) {
            for (const char c : part.text) {
                atoms.push_back({c, nullptr});
            }
        } else {
            atoms.push_back({'\0', &part});
        }
    }
    Expansion expansion(words_max);
    const std::vector<Atoms> results = expansion.expand(atoms, 0);
    if (expansion.failed() || results.size() > words_max) {
        return std::nullopt;
    }
    std::vector<Word> words;
    words.reserve(results.size());
    for (const Atoms& result : results) {
        if (joins_differently(result)) {
            return std::nullopt;
        }
        words.push_back(rebuild(word, result, arena));
    }
    return words;
}

}  // namespace countersign::shell
