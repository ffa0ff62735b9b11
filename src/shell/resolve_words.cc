// Words to fields: quoting, tilde, substitutions, arithmetic.
#include "base/limits.h"
#include "shell/braces.h"
#include "shell/flow_scope.h"
#include "shell/quoting.h"
#include "shell/resolver.h"

namespace countersign::shell {

namespace {

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Where the value starts in a word such as name=value, 0 when it is none.
std::size_t value_start(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size() && is_name_char(text[i])) {
        ++i;
    }
    if (i == 0 || (text[0] >= '0' && text[0] <= '9')) {
        return 0;
    }
    if (i < text.size() && text[i] == '+') {
        ++i;
    }
    return i < text.size() && text[i] == '=' ? i + 1 : 0;
}

/// bash looks for braces before it looks for parameters, and pairs those within ${...} otherwise.
bool holds_braces_in_parameter(const Word& word) {
    for (const Part& part : word.parts) {
        if (part.kind != PartKind::Parameter) {
            continue;
        }
        for (const Word* inner : {&part.parameter->first, &part.parameter->second}) {
            for (const Part& piece : inner->parts) {
                if (piece.kind == PartKind::Literal &&
                    piece.text.find_first_of("{}") != std::string_view::npos) {
                    return true;
                }
            }
        }
    }
    return false;
}

/// Whether dash knows every operator in the expression. Where it does not it reports an error and
/// the shell, or the subshell, ends there.
bool dash_computes(std::string_view text) {
    for (const std::string_view refused : {"++", "--", "**", ",", "#", "[", "\"", "'", "\\"}) {
        if (text.find(refused) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

/// Tildes that some contexts expand and others do not: in a pattern, behind ":" or "=".
bool has_inner_tilde(std::string_view text) {
    return text.find(":~") != std::string_view::npos || text.find("=~") != std::string_view::npos;
}

}  // namespace

FieldBuilder Resolver::make_builder(Splitting splitting) {
    const Variable* separators = state_.variable("IFS");
    const bool unset = separators != nullptr && separators->value.kind == Value::Kind::Unset;
    const bool known = separators != nullptr && (unset || separators->value.is_text());
    FieldBuilder builder(splitting,
                         unset   ? std::string_view(" \t\n")
                         : known ? std::string_view(separators->value.text)
                                 : std::string_view(),
                         known);
    if (extended_globs_) {
        builder.may_extend_globs();
    }
    return builder;
}

std::vector<model::Word> Resolver::expand_words(std::span<const Word> words, Declaring declaring) {
    std::vector<model::Word> out;
    out.reserve(words.size());
    for (std::size_t i = 0; i < words.size() && spend(1); ++i) {
        if (declaring == Declaring::Yes && !words[i].is_assignment() && !words[i].parts.empty() &&
            words[i].parts[0].kind == PartKind::Literal &&
            value_start(words[i].parts[0].text) != 0) {
            out.push_back(expand_single(words[i], true));
            continue;
        }
        if (!may_hold_braces(words[i]) || words[i].is_assignment() ||
            surroundings_.dialect == Dialect::Posix) {
            expand_word_into(words[i], declaring, out);
            continue;
        }
        if (holds_braces_in_parameter(words[i])) {
            incomplete(words[i].span, "braces beside a parameter that holds braces");
        }
        const auto expanded = expand_braces(words[i], arena_, limits::kShellWordsMax / 4);
        if (!expanded || !spend(expanded->size())) {
            incomplete(words[i].span,
                       "braces that expand to more, or to other words than are followed here");
            out.push_back(
                model::Word::unknown("braces expand to too many words", place(words[i].span)));
            out.back().splits = true;
            continue;
        }
        for (const Word& word : *expanded) {
            expand_word_into(word, Declaring::Braced, out);
        }
    }
    return out;
}

void Resolver::expand_word_into(const Word& word, Declaring declaring,
                                std::vector<model::Word>& out) {
    const std::span<const Part> parts = word.parts;
    if (word.is_assignment()) {
        // An argument such as export's: the name and the value are one word and do not split.
        model::Word value = expand_single(word);
        const std::string start =
            std::string(word.assignment->name) + (word.assignment->append ? "+=" : "=");
        if (word.assignment->compound || word.assignment->subscript != nullptr) {
            value = model::Word::unknown("an array assignment");
        }
        if (value.value) {
            value.value = start + *value.value;
        } else {
            value.known_prefix = start + value.known_prefix;
            value.splits = value.number = false;
            if (!value.pieces.empty()) {
                std::vector<model::WordPiece> pieces;
                append_piece(pieces, {start, false});
                for (const model::WordPiece& piece : value.pieces) {
                    append_piece(pieces, piece);
                }
                value.pieces = std::move(pieces);
            }
        }
        value.span = place(word.span);
        out.push_back(std::move(value));
        return;
    }
    if (parts.size() == 1 && parts[0].kind == PartKind::Literal) {
        // The ordinary case: plain text.
        const std::string_view text = parts[0].text;
        if (!holds_glob_character(text) && text.find('~') == std::string_view::npos) {
            model::Word& plain = out.emplace_back();
            plain.value.emplace(text);
            plain.span = place(word.span);
            return;
        }
    }
    FieldBuilder builder = make_builder(Splitting::Fields);
    // In an argument such as x=a:~/b bash expands the tilde, dash does not.
    const bool starts_value = surroundings_.dialect == Dialect::Bash &&
                              declaring != Declaring::Elements && !parts.empty() &&
                              parts[0].kind == PartKind::Literal && value_start(parts[0].text) != 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].kind == PartKind::Literal && declaring == Declaring::Braced &&
            has_inner_tilde(parts[i].text)) {
            builder.expansion(Value::unknown("a tilde beside braces"), Quoting::Quoted);
        } else if (parts[i].kind == PartKind::Literal) {
            expand_literal_with_tildes(word, parts[i], i == 0, i + 1 == parts.size(), starts_value,
                                       builder);
        } else {
            expand_part(parts[i], builder, Quoting::None);
        }
    }
    std::vector<model::Word> fields = builder.finish(place(word.span));
    for (model::Word& field : fields) {
        if (field.glob && state_.core().no_globs) {
            field.glob = false;
        }
        out.push_back(std::move(field));
    }
}

void Resolver::expand_literal_with_tildes(const Word& word, const Part& part, bool first, bool only,
                                          bool assignment, FieldBuilder& builder) {
    std::string_view text = part.text;
    if (first && !text.empty() && text[0] == '~') {
        text = expand_tilde(text, builder, only);
    }
    if (!assignment || text.find('~') == std::string_view::npos) {
        builder.literal(text, Quoting::None);
        return;
    }
    std::size_t start = first && !word.is_assignment() ? value_start(text) : 0;
    if (start != 0) {
        builder.literal(text.substr(0, start), Quoting::None);
        text = text.substr(start);
        if (!text.empty() && text[0] == '~') {
            text = expand_tilde(text, builder, only);
        }
    }
    for (;;) {
        const std::size_t colon = text.find(":~");
        if (colon == std::string_view::npos) {
            break;
        }
        builder.literal(text.substr(0, colon + 1), Quoting::None);
        text = expand_tilde(text.substr(colon + 1), builder, only);
    }
    builder.literal(text, Quoting::None);
}

/// `text` starts with a tilde: gives what follows the tilde prefix, which goes to the builder.
std::string_view Resolver::expand_tilde(std::string_view text, FieldBuilder& builder,
                                        bool whole_part) {
    const std::size_t end = text.find_first_of("/:");
    if (end == std::string_view::npos && !whole_part) {
        // The prefix runs into a quoted or expanded part: bash leaves the tilde alone.
        builder.literal("~", Quoting::Quoted);
        return text.substr(1);
    }
    const std::string_view prefix = text.substr(0, end);
    const std::string_view rest =
        end == std::string_view::npos ? std::string_view() : text.substr(end);
    Value value;
    if (prefix == "~") {
        value = variable_value("HOME");
        if (value.kind == Value::Kind::Unset) {
            value = Value::unknown("HOME is unset, so ~ is the account's own home");
        } else if (value.kind == Value::Kind::Unknown) {
            value = Value::unknown("the home directory is not known");
        }
    } else if (prefix == "~+") {
        value = surroundings_.dialect == Dialect::Bash ? variable_value("PWD") : Value::known("~+");
    } else {
        value = Value::unknown("the home directory of another account, or an older directory");
    }
    builder.expansion(value, Quoting::Quoted);
    builder.present();
    return rest;
}

Value Resolver::to_value(const model::Word& word) {
    if (!word.value) {
        // Where a refused expansion is kept as a value, what the shell has instead is open.
        Value value = Value::unknown(word.why_unknown == kBadSubstitution
                                         ? "set from an expansion that bash refuses"
                                         : word.why_unknown);
        value.text = word.known_prefix;
        if (word.number) {
            value.kind = Value::Kind::Number;
        }
        if (!word.splits) {
            value.pieces = word.pieces;
        }
        return value;
    }
    Value value = Value::known(*word.value);
    if (word.glob) {
        value.kind = Value::Kind::Glob;
    }
    return value;
}

model::Word Resolver::to_word(const Value& value, Span span) {
    if (value.is_known() || value.kind == Value::Kind::Glob) {
        model::Word word = model::Word::literal(value.text, span);
        word.glob = value.kind == Value::Kind::Glob;
        return word;
    }
    model::Word word = model::Word::unknown(value.why, span);
    word.known_prefix = value.text;
    word.number = value.kind == Value::Kind::Number;
    word.pieces = value.pieces;
    return word;
}

model::Word Resolver::expand_single(const Word& word, bool tilde_everywhere) {
    FieldBuilder builder = make_builder(Splitting::Single);
    const bool assignment = word.is_assignment() || tilde_everywhere;
    for (std::size_t i = 0; i < word.parts.size(); ++i) {
        const Part& part = word.parts[i];
        if (part.kind == PartKind::Literal && !assignment && has_inner_tilde(part.text)) {
            builder.expansion(Value::unknown("a tilde within a word"), Quoting::Quoted);
        } else if (part.kind == PartKind::Literal) {
            expand_literal_with_tildes(word, part, i == 0, i + 1 == word.parts.size(), assignment,
                                       builder);
        } else {
            expand_part(part, builder, Quoting::None);
        }
    }
    return std::move(builder.finish(place(word.span)).front());
}

/// The word as a pattern: quoted parts match themselves. `unknown` gets the reason when it is not
/// known.
std::string Resolver::expand_pattern(const Word& word, std::optional<std::string>& unknown) {
    FieldBuilder builder = make_builder(Splitting::Fields);
    std::string pattern;
    for (const Part& part : word.parts) {
        const bool quoted = part.kind != PartKind::Literal && part.kind != PartKind::Parameter &&
                            part.kind != PartKind::Command && part.kind != PartKind::Backquoted &&
                            part.kind != PartKind::Arithmetic;
        if (part.kind == PartKind::Literal) {
            if (has_inner_tilde(part.text) ||
                (&part == &word.parts.front() && part.text.starts_with("~"))) {
                unknown = "a tilde in a pattern";
            }
            pattern += part.text;
            continue;
        }
        if (part.kind == PartKind::Group) {
            unknown = "an extended pattern";
            FieldBuilder ignored = make_builder(Splitting::Single);
            expand_parts(part.parts, ignored, Quoting::None);
            continue;
        }
        FieldBuilder piece = make_builder(Splitting::Single);
        expand_part(part, piece, Quoting::None);
        const model::Word field = piece.finish({}).front();
        if (!field.value || field.glob) {
            unknown = field.value ? "a file name" : field.why_unknown;
            continue;
        }
        pattern += quoted ? escape_pattern(*field.value) : *field.value;
    }
    if (surroundings_.dialect == Dialect::Posix && pattern.find("[^") != std::string::npos) {
        unknown = "a set that starts with ^, which dash takes for one of its characters";
    }
    if (extended_globs_ && has_extended_pattern(pattern)) {
        unknown = "an extended pattern";
    }
    return pattern;
}

void Resolver::expand_parts(std::span<const Part> parts, FieldBuilder& builder, Quoting quoting) {
    for (const Part& part : parts) {
        expand_part(part, builder, quoting);
    }
}

void Resolver::expand_part(const Part& part, FieldBuilder& builder, Quoting quoting) {
    if (!spend(1)) {
        return;
    }
    switch (part.kind) {
        case PartKind::Literal:
            builder.literal(part.text, quoting);
            return;
        case PartKind::Escaped:
        case PartKind::SingleQuoted:
            builder.present();
            builder.literal(part.text, Quoting::Quoted);
            return;
        case PartKind::AnsiQuoted: {
            builder.present();
            const auto text = decode_ansi_quotes(part.text);
            if (text) {
                builder.literal(*text, Quoting::Quoted);
            } else {
                builder.expansion(Value::unknown("an escape that depends on the locale"),
                                  Quoting::Quoted);
            }
            return;
        }
        case PartKind::DoubleQuoted:
            expand_double_quotes(part, builder);
            return;
        case PartKind::LocaleQuoted:
            // A message catalogue could give any text for it.
            if (variable_value("TEXTDOMAIN").is_text() && state_.variable("TEXTDOMAIN")->assigned) {
                builder.expansion(Value::unknown("a translated text"), Quoting::Quoted);
                return;
            }
            expand_double_quotes(part, builder);
            return;
        case PartKind::Parameter:
            expand_parameter(part, builder, quoting);
            return;
        case PartKind::Command:
        case PartKind::Backquoted:
            builder.expansion(substitute(part), quoting);
            return;
        case PartKind::Arithmetic:
            builder.expansion(arithmetic_value(part.parts, part.span), quoting);
            return;
        case PartKind::ProcessIn:
        case PartKind::ProcessOut: {
            run_process_substitution(part);
            Value value = Value::known("/dev/fd/[0-9]*");
            value.kind = Value::Kind::Glob;
            builder.expansion(value, Quoting::Quoted);
            return;
        }
        case PartKind::Group:
            expand_group(part, builder, quoting);
            return;
        case PartKind::Malformed:
            if (part.text.starts_with("${{")) {
                // No parameter's name starts so; what follows on other lines does not run either.
                builder.expansion(Value::unknown(std::string(kBadSubstitution)), Quoting::Quoted);
                return;
            }
            incomplete(part.span, "bash would report an error when it expands this");
            builder.expansion(Value::unknown("not a valid expansion"), Quoting::Quoted);
            return;
    }
}

void Resolver::run_process_substitution(const Part& part) {
    FlowScope scope(*this);
    if (part.kind == PartKind::ProcessOut) {
        model::InputSource input;
        input.kind = model::InputSource::Kind::Text;
        input.content = model::Word::unknown("what is written to a process substitution");
        const InputScope own_input(*this, input);
        substitute_script(part.script, true);
        return;
    }
    substitute_script(part.script, true);
}

void Resolver::expand_group(const Part& part, FieldBuilder& builder, Quoting quoting) {
    builder.literal(part.text, Quoting::None);
    builder.literal(part.text == "(" ? "" : "(", Quoting::None);
    expand_parts(part.parts, builder, quoting);
    builder.literal(")", Quoting::None);
    if (part.text != "(") {
        // Matched like any glob; only its spelling is not one that glob readers know.
        builder.expansion(Value::unknown("an extended pattern"), Quoting::Quoted);
    }
}

void Resolver::expand_double_quotes(const Part& part, FieldBuilder& builder) {
    bool only_lists = !part.parts.empty();
    for (const Part& inner : part.parts) {
        const bool list = inner.kind == PartKind::Parameter && inner.parameter->name == "@";
        const bool element_list = inner.kind == PartKind::Parameter &&
                                  inner.parameter->subscript != nullptr &&
                                  inner.parameter->subscript->parts.size() == 1 &&
                                  inner.parameter->subscript->parts[0].text == "@";
        only_lists = only_lists && (list || element_list) && !inner.parameter->length;
    }
    if (!only_lists) {
        bool holds_list = false;
        for (const Part& inner : part.parts) {
            holds_list = holds_list || (inner.kind == PartKind::Parameter &&
                                        inner.parameter->name == "@" && !inner.parameter->length);
        }
        const std::size_t before = builder.text_size();
        expand_parts(part.parts, builder, Quoting::Quoted);
        // "$x$@" with nothing in either is no word at all.
        if (!holds_list || builder.text_size() != before) {
            builder.present();
        }
        return;
    }
    expand_parts(part.parts, builder, Quoting::Quoted);
}

Value Resolver::substitute(const Part& part) {
    const Script* script = part.script;
    if (script == nullptr) {
        substituted_ = true;
        return Value::unknown("output of a command");
    }
    const bool was_fixed = fixed_span_.has_value();
    if (part.kind == PartKind::Backquoted && !was_fixed) {
        fixed_span_ = part.span;
    }
    const Value value = substitute_script(script, false);
    substituted_ = true;  // only now: the commands within begin with a clean slate of their own
    if (!was_fixed) {
        fixed_span_.reset();
    }
    return value;
}

Value Resolver::substitute_script(const Script* script, bool process) {
    if (script == nullptr || !alive()) {
        return Value::unknown("output of a command");
    }
    // $(<file) reads a file without a command.
    Sink sink;
    {
        FlowScope scope(*this);
        flow_.substitution = true;
        flow_.errors_ignored = true;  // bash does not hand -e down to substitutions
        flow_.captured = !process;
        flow_.background = flow_.background || process;
        flow_.to_pipe = false;
        flow_.maybe = false;
        flow_.sink = process ? nullptr : &sink;
        run_subshell(script);
    }
    if (process) {
        return {};
    }
    if (!sink.known) {
        return Value::unknown(sink.why.empty() ? "output of a command" : sink.why);
    }
    while (!sink.text.empty() && sink.text.back() == '\n') {
        sink.text.pop_back();
    }
    if (sink.text.size() > limits::kShellExpansionBytesMax || !spend(sink.text.size() / 64)) {
        return Value::unknown("a longer output than is followed here");
    }
    return Value::known(sink.text);
}

Value Resolver::arithmetic_value(std::span<const Part> parts, Span span) {
    FieldBuilder builder = make_builder(Splitting::Single);
    expand_parts(parts, builder, Quoting::Quoted);
    const model::Word text = builder.finish({}).front();
    if (!text.value) {
        // Whether what stands there is a plain number was decided with the value.
        bool only_numbers = true;
        for (const Part& part : parts) {
            if (part.kind == PartKind::Literal || part.kind == PartKind::Escaped) {
                only_numbers =
                    only_numbers && part.text.find_first_of("[`$") == std::string_view::npos;
                continue;
            }
            FieldBuilder again = make_builder(Splitting::Single);
            bool number = false;
            if (part.kind == PartKind::Parameter && part.parameter->op == ParameterOperator::None &&
                !part.parameter->indirect && part.parameter->subscript == nullptr) {
                const Expansion value = lookup(*part.parameter);
                number =
                    part.parameter->length ||
                    (value.known && value.values.size() == 1 &&
                     (value.values[0].kind == Value::Kind::Number || value.values[0].is_text()));
            }
            only_numbers = only_numbers && (number || part.kind == PartKind::Arithmetic);
        }
        if (!only_numbers) {
            incomplete(span, "arithmetic on a value that is not known");
            return Value::unknown("arithmetic on a value that is not known");
        }
        // Names in it are looked up, with zero in the place of each number that is not known.
        std::string shape;
        for (const Part& part : parts) {
            shape += part.kind == PartKind::Literal ? std::string(part.text) : " 1 ";
        }
        const ArithmeticResult result = evaluate_arithmetic(shape, *this);
        if (result.may_execute) {
            incomplete(span, "arithmetic on a value that is not known");
        }
        if (shape.find('=') != std::string::npos || shape.find("++") != std::string::npos ||
            shape.find("--") != std::string::npos) {
            incomplete(span, "an assignment in arithmetic on a value that is not known");
        }
        return Value::number("a number that is not known");
    }
    if (surroundings_.dialect == Dialect::Posix && !dash_computes(*text.value)) {
        incomplete(span, "arithmetic that dash may refuse");
        return Value::number("a number that is not known");
    }
    const ArithmeticResult result = evaluate_arithmetic(*text.value, *this);
    if (result.may_execute) {
        incomplete(span, "arithmetic on a value that is not known");
    }
    if (result.value) {
        return Value::known(std::to_string(*result.value));
    }
    if (result.invalid) {
        incomplete(span, "arithmetic that bash reports as an error or that is not followed here");
    }
    return Value::number("a number that is not known");
}

}  // namespace countersign::shell
