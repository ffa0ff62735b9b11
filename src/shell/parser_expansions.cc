// What starts with $ or a backquote.
#include "shell/parser.h"
#include "shell/region.h"

namespace countersign::shell {

namespace {

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_special_parameter(char c) {
    return c == '@' || c == '*' || c == '#' || c == '?' || c == '-' || c == '$' || c == '!';
}

struct OperatorForm {
    std::string_view text;
    ParameterOperator op;
    bool colon;
};

// The longest first among those with a common start. ":" alone is last: a slice.
constexpr OperatorForm kParameterOperators[] = {
    {":-", ParameterOperator::Default, true},
    {":=", ParameterOperator::AssignDefault, true},
    {":?", ParameterOperator::Error, true},
    {":+", ParameterOperator::Alternative, true},
    {"##", ParameterOperator::CutLongPrefix, false},
    {"%%", ParameterOperator::CutLongSuffix, false},
    {"//", ParameterOperator::ReplaceAll, false},
    {"/#", ParameterOperator::ReplacePrefix, false},
    {"/%", ParameterOperator::ReplaceSuffix, false},
    {"^^", ParameterOperator::UpperAll, false},
    {",,", ParameterOperator::LowerAll, false},
    {"~~", ParameterOperator::ToggleAll, false},
    {"-", ParameterOperator::Default, false},
    {"=", ParameterOperator::AssignDefault, false},
    {"?", ParameterOperator::Error, false},
    {"+", ParameterOperator::Alternative, false},
    {"#", ParameterOperator::CutPrefix, false},
    {"%", ParameterOperator::CutSuffix, false},
    {"/", ParameterOperator::ReplaceFirst, false},
    {"^", ParameterOperator::UpperFirst, false},
    {",", ParameterOperator::LowerFirst, false},
    {"~", ParameterOperator::ToggleFirst, false},
    {"@", ParameterOperator::Transform, false},
    {":", ParameterOperator::Slice, false},
};

bool replaces(ParameterOperator op) {
    return op >= ParameterOperator::ReplaceFirst && op <= ParameterOperator::ReplaceSuffix;
}

bool takes_pattern(ParameterOperator op) {
    return op >= ParameterOperator::CutPrefix && op <= ParameterOperator::ToggleAll &&
           op != ParameterOperator::Slice;
}

// One backslash level of a backquoted text.
std::string unescape_backquotes(std::string_view body, bool quoted) {
    std::string out;
    out.reserve(body.size());
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] != '\\' || i + 1 == body.size()) {
            out += body[i];
            continue;
        }
        const char next = body[++i];
        const bool removed = next == '$' || next == '`' || next == '\\' || (next == '"' && quoted);
        if (!removed) {
            out += '\\';
        }
        out += next;
    }
    return out;
}

}  // namespace

bool Parser::read_dollar(const Context& context, LiteralRun& run) {
    const std::size_t begin = here_.at;
    const char next = second();
    const bool bash = !posix();
    if (next == '(' || next == '{' || (next == '[' && bash)) {
        flush(run);
        ++here_.at;
        peek();
        if (next == '(' && second() == '(') {
            ++here_.at;
            read_arithmetic_substitution(begin);
        } else if (next == '(') {
            here_.at = begin;
            read_command_substitution(begin, PartKind::Command);
        } else if (next == '[') {
            ++here_.at;
            read_old_arithmetic(begin);
        } else {
            ++here_.at;
            read_parameter(context, begin);
        }
        return true;
    }
    const bool cuts = context.quotes_cut && next == '\'';
    if ((next == '\'' || next == '"') && (!context.quoted || cuts) && bash) {
        flush(run);
        ++here_.at;
        peek();
        ++here_.at;
        if (next == '\'') {
            read_dollar_quotes(begin);
        } else {
            read_double_quotes(begin, PartKind::LocaleQuoted);
        }
        return true;
    }
    if (!is_name_start(next) && !is_digit(next) && !is_special_parameter(next)) {
        return false;
    }
    flush(run);
    ++here_.at;
    peek();
    Parameter parameter;
    if (is_name_start(next)) {
        std::string name;
        while (is_name_start(peek()) || is_digit(raw())) {
            name += raw();
            ++here_.at;
        }
        parameter.name = arena_.copy(std::string_view(name));
    } else {
        parameter.name = here_.text.substr(here_.at, 1);
        ++here_.at;
    }
    Part part;
    part.kind = PartKind::Parameter;
    part.parameter = arena_.make<Parameter>(parameter);
    part.span = span_from(begin);
    push_part(part);
    return true;
}

void Parser::read_command_substitution(std::size_t begin, PartKind kind) {
    ++here_.at;  // $ or < or >
    peek();
    ++here_.at;  // (
    Part part;
    part.kind = kind;
    part.script = read_substituted_script();
    part.span = span_from(begin);
    if (!failed_) {
        push_part(part);
    }
}

// The commands up to the closing parenthesis, which is consumed and nothing behind it.
const Script* Parser::read_substituted_script() {
    const Nesting nesting(*this);
    const std::size_t open = here_.at - 1;
    Position outer = here_;
    here_.has_token = false;
    here_.last = TokenKind::DollarParen;
    here_.before_last = TokenKind::Start;
    here_.pending_mark = pending_.size();
    here_.case_pattern = here_.conditional = here_.regular_expression = false;
    here_.assignments_follow = here_.redirects_only = false;
    here_.in_substitution = true;
    const bool pattern = std::exchange(extended_pattern_, false);
    const Script* script = parse_list();
    extended_pattern_ = pattern;
    if (!failed_ && peek_kind() == TokenKind::End) {
        fail(open, "no closing ) for the substitution that opens here");
    } else if (!failed_ && peek_kind() != TokenKind::CloseParen) {
        fail_unexpected(token());
    }
    // dash reads what follows the line as commands, not as the missing body.
    if (!failed_ && (measuring_ || posix()) && pending_.size() != here_.pending_mark) {
        fail(open, "a here-document without its body");
    }
    if (failed_) {
        return script;
    }
    outer.at = here_.at;
    here_ = outer;
    return script;
}

/// Arithmetic whose end is found by reading it: at the second parenthesis that opens it.
void Parser::read_direct_arithmetic(std::size_t begin) {
    const Nesting nesting(*this);
    peek();
    ++here_.at;
    Context inside;
    inside.within = Within::Parentheses;
    inside.quoted = true;
    Part part;
    part.kind = PartKind::Arithmetic;
    part.parts = read_parts(inside, nullptr);
    if (peek() != ')' || second() != ')') {
        fail(begin, "no closing )) for the arithmetic that opens here");
        return;
    }
    ++here_.at;
    peek();
    ++here_.at;
    part.span = span_from(begin);
    push_part(part);
}

void Parser::read_arithmetic_substitution(std::size_t begin) {
    const std::size_t inner = here_.at;  // at the second parenthesis
    if (lenient_ || posix()) {
        read_direct_arithmetic(begin);
        return;
    }
    if (!scan_pair('(', ')', true)) {
        return;
    }
    const std::size_t end = here_.at - 1;
    const std::string_view body = here_.text.substr(inner, end - inner);
    if (body.size() >= 2 && body.back() == ')' &&
        balanced_parentheses(body.substr(1, body.size() - 2))) {
        push_part(deferred_arithmetic(begin, inner + 1, end - 1, PartKind::Arithmetic, {},
                                      Within::Operand));
        return;
    }
    // "$((" that turns out to be a subshell in a substitution; bash parses it when it expands it.
    Part part;
    part.kind = PartKind::Command;
    const std::size_t after = here_.at;
    const bool ok = measuring_ || read_region(here_.text.substr(0, end), inner, {}, [&] {
                        here_.last = TokenKind::DollarParen;
                        part.script = parse_list();
                        if (!failed_ && peek_kind() != TokenKind::End) {
                            fail_unexpected(token());
                        }
                    });
    if (!ok) {
        part = malformed(begin, here_.text.substr(begin, after - begin));
    }
    part.span = span_from(begin);
    push_part(part);
}

void Parser::read_old_arithmetic(std::size_t begin) {
    const std::size_t inner = here_.at;
    if (lenient_) {
        Context inside;
        inside.within = Within::Brackets;
        inside.quoted = true;
        Part part;
        part.kind = PartKind::Arithmetic;
        part.text = "[";
        part.parts = read_parts(inside, nullptr);
        if (raw() != ']') {
            fail(begin, "no closing ] for the arithmetic that opens here");
            return;
        }
        ++here_.at;
        part.span = span_from(begin);
        push_part(part);
        return;
    }
    if (!scan_pair('[', ']', true)) {
        return;
    }
    push_part(deferred_arithmetic(begin, inner, here_.at - 1, PartKind::Arithmetic, "[",
                                  Within::Operand));
}

Part Parser::deferred_arithmetic(std::size_t begin, std::size_t inner, std::size_t inner_end,
                                 PartKind kind, std::string_view text, Within within) {
    Part part;
    part.kind = kind;
    part.text = text;
    Context inside;
    inside.within = within;
    inside.quoted = true;
    const bool ok = measuring_ || read_region(here_.text.substr(0, inner_end), inner, {},
                                              [&] { part.parts = read_parts(inside, nullptr); });
    if (!ok) {
        return malformed(begin, here_.text.substr(begin, here_.at - begin));
    }
    part.span = span_from(begin);
    return part;
}

Word Parser::deferred_word(std::size_t begin, std::size_t end) {
    Word word;
    const Part part =
        deferred_arithmetic(begin, begin, end, PartKind::Arithmetic, {}, Within::Operand);
    if (part.kind == PartKind::Malformed) {
        Part whole = part;
        whole.text = here_.text.substr(begin, end - begin);
        word.parts = arena_.copy(std::span<const Part>(&whole, 1));
    } else {
        word.parts = part.parts;
    }
    word.span = span_from(begin);
    return word;
}

void Parser::read_backquotes(const Context& context) {
    const std::size_t begin = here_.at;
    ++here_.at;
    const std::size_t inner = here_.at;
    if (!scan_backquotes()) {
        return;
    }
    const std::string_view body = here_.text.substr(inner, here_.at - 1 - inner);
    push_part(backquoted(begin, body, context.quoted));
}

Part Parser::backquoted(std::size_t begin, std::string_view body, bool quoted) {
    Part part;
    part.kind = PartKind::Backquoted;
    part.text = body;
    part.span = span_from(begin);
    if (measuring_) {
        return part;
    }
    const Nesting nesting(*this);
    if (failed_) {
        return part;
    }
    const std::string_view inner = arena_.copy(std::string_view(unescape_backquotes(body, quoted)));
    const bool ok = read_region(inner, 0, part.span, [&] {
        part.script = parse_list();
        if (!failed_ && peek_kind() != TokenKind::End) {
            fail_unexpected(token());
        }
        read_here_documents();
    });
    if (!ok) {
        if (posix()) {
            fail(begin, "an error within the backquotes");
        }
        return malformed(begin, here_.text.substr(begin, here_.at - begin));
    }
    return part;
}

void Parser::read_parameter(const Context& context, std::size_t begin) {
    const Nesting nesting(*this);
    Parameter parameter;
    parameter.braces = true;
    const bool read = !failed_ && (posix() ? read_posix_parameter(parameter, context)
                                           : read_parameter_name(parameter) &&
                                                 read_parameter_operator(parameter, context));
    const bool good = read && peek() == '}';
    if (failed_) {
        return;
    }
    if (!good) {
        Context rest;
        rest.within = Within::Braces;
        rest.quoted = context.quoted;
        read_parts(rest, nullptr);
    }
    if (failed_) {
        return;
    }
    if (raw() != '}') {
        fail(begin, "no closing } for the expansion that opens here");
        return;
    }
    ++here_.at;
    Part part = malformed(begin, here_.text.substr(begin, here_.at - begin));
    if (good) {
        part.kind = PartKind::Parameter;
        part.text = {};
        part.parameter = arena_.make<Parameter>(parameter);
    }
    push_part(part);
}

bool Parser::read_parameter_name(Parameter& parameter) {
    const char c = peek();
    const char next = second();
    const std::size_t begin = here_.at;
    const bool named = is_name_start(next) || is_digit(next) || is_special_parameter(next);
    if ((c == '#' || c == '!') && named && !parameter.length && !parameter.indirect) {
        ++here_.at;
        (c == '#' ? parameter.length : parameter.indirect) = true;
        const bool read = read_parameter_name(parameter);
        if (!read || failed_) {
            return false;
        }
        if (c == '!' || peek() == '}' || parameter.subscript != nullptr) {
            return true;
        }
        here_.at = begin;  // ${#-word} is $# with a default
        parameter.length = false;
    }
    if (is_name_start(c) || is_digit(c)) {
        std::string name;
        const bool digits = is_digit(c);
        while (is_digit(peek()) || (!digits && is_name_start(raw()))) {
            name += raw();
            ++here_.at;
        }
        parameter.name = arena_.copy(std::string_view(name));
    } else if (is_special_parameter(c)) {
        parameter.name = here_.text.substr(here_.at, 1);
        ++here_.at;
        return true;
    } else {
        return false;
    }
    if (peek() == '[' && !is_digit(c)) {
        const std::size_t open = here_.at++;
        Context inside;
        inside.within = Within::Subscript;
        inside.quotes_cut = true;
        Word subscript;
        const std::size_t start = here_.at;
        subscript.parts = read_parts(inside, nullptr);
        subscript.span = span_from(start);
        if (failed_ || raw() != ']') {
            here_.at = failed_ ? here_.at : open;
            return false;
        }
        ++here_.at;
        parameter.subscript = arena_.make<Word>(subscript);
    }
    return true;
}

bool Parser::read_parameter_operator(Parameter& parameter, const Context& context) {
    const char c = peek();
    if (c == '}') {
        return true;
    }
    if (parameter.length) {
        return false;
    }
    if (parameter.indirect && (c == '*' || c == '@') && second() == '}') {
        parameter.op = ParameterOperator::NamesMatching;
        parameter.first.parts = {};
        parameter.second.parts = {};
        parameter.colon = c == '@';
        ++here_.at;
        return true;
    }
    for (const OperatorForm& form : kParameterOperators) {
        if (c != form.text[0] || (form.text.size() == 2 && second() != form.text[1])) {
            continue;
        }
        ++here_.at;
        if (form.text.size() == 2) {
            peek();
            ++here_.at;
        }
        parameter.op = form.op;
        parameter.colon = form.colon;
        read_operand(parameter, context, form.op);
        return !failed_;
    }
    return false;
}

void Parser::read_operand(Parameter& parameter, const Context& context, ParameterOperator op) {
    Context inside;
    inside.within = Within::Braces;
    inside.quoted = context.quoted;
    inside.quotes_cut = takes_pattern(op);
    const bool two = replaces(op) || op == ParameterOperator::Slice;
    if (two) {
        inside.within = op == ParameterOperator::Slice ? Within::Offset : Within::Pattern;
    }
    std::size_t begin = here_.at;
    parameter.first.parts = read_parts(inside, nullptr);
    parameter.first.span = span_from(begin);
    if (!two || failed_ || raw() == '}' || at_end()) {
        return;
    }
    ++here_.at;
    begin = here_.at;
    parameter.has_second = true;
    inside.within = Within::Braces;
    parameter.second.parts = read_parts(inside, nullptr);
    parameter.second.span = span_from(begin);
}

}  // namespace countersign::shell
