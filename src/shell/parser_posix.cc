// Where dash (0.5.12) reads otherwise than bash and the difference is more than a missing operator:
// parameter expansions, the names of functions and loop variables, here-document delimiters.
//
// dash parses what bash leaves until it expands it, so an error within backquotes or a
// here-document is one of the whole text. Where dash reads on in a way that no text in earnest
// means (a quote behind "${" is swallowed), the text is refused, though dash takes it.
#include "shell/parser.h"

namespace countersign::shell {

namespace {

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_special_parameter(char c) {
    return c != '\0' && std::string_view("@*#?-$!").find(c) != std::string_view::npos;
}

/// dash's special built-ins, which a function cannot be named after.
constexpr std::string_view kSpecialBuiltins[] = {
    ".",     ":",      "break", "continue", "eval",  "exec", "exit",  "export",
    "local", "return", "set",   "shift",    "times", "trap", "unset", "readonly"};

}  // namespace

/// A character that dash takes for an operator that it then does not know. One that quotes or ends
/// would have been swallowed with it.
bool Parser::swallow(std::size_t begin) {
    const char c = peek();
    if (c == '\0' || std::string_view("\"'`\\$}").find(c) != std::string_view::npos) {
        fail(begin, "an expansion that dash reads to another end");
    }
    return false;
}

bool Parser::read_posix_parameter(Parameter& parameter, const Context& context) {
    const std::size_t begin = here_.at;
    char c = peek();
    if (c == '}') {
        return false;
    }
    if (c == '#' && (is_name_start(second()) || is_digit(second()))) {
        parameter.length = true;
        ++here_.at;
        c = peek();
    } else if (c == '#' && is_special_parameter(second())) {
        // ${#?} is a length, ${#?word} is $# and an operator.
        ++here_.at;
        parameter.length = peek() != '\0' && second() == '}';
        if (!parameter.length) {
            parameter.name = "#";
            return read_posix_operator(parameter, context);
        }
        c = raw();
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
    } else {
        return swallow(begin);
    }
    return parameter.length ? peek() == '}' : read_posix_operator(parameter, context);
}

bool Parser::read_posix_operator(Parameter& parameter, const Context& context) {
    const std::size_t begin = here_.at;
    char c = peek();
    if (c == '}') {
        return true;
    }
    if (c == '#' || c == '%') {
        const bool twice = second() == c;
        here_.at += 1;
        if (twice) {
            peek();
            ++here_.at;
        }
        constexpr ParameterOperator kCuts[] = {
            ParameterOperator::CutPrefix, ParameterOperator::CutLongPrefix,
            ParameterOperator::CutSuffix, ParameterOperator::CutLongSuffix};
        parameter.op = kCuts[(c == '#' ? 0U : 2U) + (twice ? 1U : 0U)];
        Context bare = context;
        bare.quoted = false;  // quotes quote in the pattern, whatever stands around it
        read_operand(parameter, bare, parameter.op);
        return !failed_;
    }
    if (c == ':') {
        parameter.colon = true;
        ++here_.at;
        c = peek();
    }
    switch (c) {
        case '-':
            parameter.op = ParameterOperator::Default;
            break;
        case '=':
            parameter.op = ParameterOperator::AssignDefault;
            break;
        case '?':
            parameter.op = ParameterOperator::Error;
            break;
        case '+':
            parameter.op = ParameterOperator::Alternative;
            break;
        default:
            return swallow(begin);
    }
    ++here_.at;
    read_operand(parameter, context, parameter.op);
    return !failed_;
}

bool Parser::check_posix_loop_name(const Token& name) {
    if (posix() && !is_name(plain_text(name.word))) {
        fail(name.span.begin, "a bad name for a loop variable");
    }
    return !failed_;
}

bool Parser::check_posix_function_name(const Word& name) {
    if (!posix()) {
        return true;
    }
    const std::string_view text = plain_text(name);
    bool good = is_name(text);
    for (const std::string_view special : kSpecialBuiltins) {
        good = good && text != special;
    }
    if (!good) {
        fail(name.span.begin, "a bad name for a function");
    }
    return good;
}

/// dash expands nothing in a delimiter and ends it where an expansion may go on.
void Parser::check_posix_delimiter(const Word& word) {
    for (const Part& part : word.parts) {
        const bool plain = part.kind == PartKind::Literal || part.kind == PartKind::Escaped ||
                           part.kind == PartKind::SingleQuoted ||
                           (part.kind == PartKind::Parameter && !part.parameter->braces);
        if (part.kind == PartKind::DoubleQuoted) {
            Word inside;
            inside.parts = part.parts;
            check_posix_delimiter(inside);
        } else if (!plain) {
            fail(word.span.begin, "an expansion in a here-document delimiter");
        }
    }
}

}  // namespace countersign::shell
