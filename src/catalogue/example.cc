#include "catalogue/example.h"

namespace countersign::catalogue {

namespace {

using model::Word;

struct Piece {
    std::string text;
    bool quoted = false;
};

std::vector<Piece> split(std::string_view text) {
    std::vector<Piece> pieces;
    bool open = false;
    char quote = 0;
    for (const char c : text) {
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                pieces.back().text += c;
            }
        } else if (c == ' ') {
            open = false;
        } else {
            if (!open) {
                pieces.emplace_back();
                open = true;
            }
            if (c == '\'' || c == '"') {
                quote = c;
                pieces.back().quoted = true;
            } else {
                pieces.back().text += c;
            }
        }
    }
    return pieces;
}

Word word_of(const Piece& piece) {
    const std::size_t dollar = piece.text.find('$');
    if (dollar != std::string::npos && !piece.quoted) {
        Word word = Word::unknown("variable");
        word.known_prefix = piece.text.substr(0, dollar);
        word.splits = true;
        return word;
    }
    Word word = Word::literal(piece.text);
    word.glob = !piece.quoted && piece.text.find('*') != std::string::npos;
    return word;
}

std::string words_text(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words) {
        out += out.empty() ? "" : " ";
        out += word.value.value_or("?");
    }
    return out;
}

std::string inner_text(const Inner& inner) {
    static constexpr std::array<std::string_view, 4> kKinds = {"argv", "shell", "sql", "program"};
    std::string out = "runs " + std::string(kKinds[static_cast<std::size_t>(inner.kind)]);
    if (inner.kind == Inner::Kind::Sql || inner.kind == Inner::Kind::Program) {
        out += " " + inner.language;
    }
    out += inner.elevated ? " elevated" : "";
    out += inner.elsewhere ? " elsewhere" : "";
    out += inner.host ? " on " + *inner.host : "";
    out += inner.open_ended ? " open" : "";
    out += inner.directory ? " in " + *inner.directory : "";
    out += ": ";
    return out + (inner.kind == Inner::Kind::Argv ? words_text(inner.argv)
                                                  : inner.text.value.value_or("?"));
}

std::string effect_text(const model::Effect& effect) {
    std::string out(model::effect_kind_name(effect.kind));
    if (effect.place != model::Place::None) {
        out += " " + std::string(model::place_name(effect.place));
    }
    out += effect.target.empty() ? "" : " " + effect.target;
    out += effect.recursive ? " recursive" : "";
    out += effect.reversible ? " reversible" : "";
    return out;
}

}  // namespace

Place example_place() {
    Place place;
    place.directory = "/w";
    place.workspace = "/w";
    place.home = "/home/u";
    return place;
}

model::ResolvedCommand example_command(std::string_view text) {
    model::ResolvedCommand command;
    command.directory = "/w";
    bool in_front = true;
    for (const Piece& piece : split(text)) {
        const std::size_t equals = piece.text.find('=');
        if (in_front && piece.text == "|") {
            command.input.kind = model::InputSource::Kind::Pipe;
            continue;
        }
        const bool named =
            piece.text.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") == equals;
        if (in_front && equals != std::string::npos && equals > 0 && named) {
            command.assignments.push_back({piece.text.substr(0, equals),
                                           Word::literal(piece.text.substr(equals + 1)), false});
            continue;
        }
        in_front = false;
        command.argv.push_back(word_of(piece));
    }
    return command;
}

std::string example_effects(const Understanding& understanding) {
    std::string out;
    for (const model::Effect& effect : understanding.effects) {
        out += (out.empty() ? "" : "; ") + effect_text(effect);
    }
    for (const Inner& inner : understanding.inner) {
        out += (out.empty() ? "" : "; ") + inner_text(inner);
    }
    return out.empty() ? "nothing" : out;
}

}  // namespace countersign::catalogue
