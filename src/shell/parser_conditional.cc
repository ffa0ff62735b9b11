// [[ ... ]], which has its own grammar.
//
//   or   : and [ "||" or ]          and : term [ "&&" and ]
//   term : "(" or ")" | "!" term | -op word | word op word | word
#include "shell/parser.h"

namespace countersign::shell {

namespace {

constexpr std::string_view kUnary = "abcdefghknoprstuvwxzGLNORS";
constexpr std::string_view kBinary[] = {"=",   "==",  "!=",  "-eq", "-ne", "-lt", "-le",
                                        "-gt", "-ge", "-nt", "-ot", "-ef", "=~"};

std::string_view plain_text(const Token& token) {
    if (token.kind != TokenKind::Word || token.word.parts.size() != 1 ||
        token.word.parts[0].kind != PartKind::Literal) {
        return {};
    }
    return token.word.parts[0].text;
}

bool is_unary(std::string_view text) {
    return text.size() == 2 && text[0] == '-' && kUnary.find(text[1]) != std::string_view::npos;
}

bool is_binary(std::string_view text) {
    for (const std::string_view op : kBinary) {
        if (op == text) {
            return true;
        }
    }
    return false;
}

}  // namespace

const Command* Parser::parse_conditional() {
    const std::size_t begin = token().span.begin;
    take();
    const bool outer = std::exchange(here_.conditional, true);
    ConditionalCommand form;
    form.test = parse_test_or();
    // The tokens behind ]] belong to the ordinary grammar again.
    if (!failed_ && peek_kind() != TokenKind::CloseTest) {
        fail(token().span.begin, "expected ]], found " + std::string(token_name(peek_kind())));
        return nullptr;
    }
    here_.conditional = outer;
    if (!failed_) {
        take();
    }
    return finish(arena_.make<ConditionalCommand>(form), begin, false);
}

void Parser::skip_test_newlines() {
    while (!failed_ && accept(TokenKind::Newline)) {
    }
}

const Test* Parser::parse_test_or() {
    const Nesting nesting(*this);
    const Test* left = parse_test_and();
    if (failed_ || peek_kind() != TokenKind::OrOr) {
        return left;
    }
    take();
    Test both;
    both.kind = TestKind::Or;
    both.first = left;
    both.second = parse_test_or();
    return arena_.make<Test>(both);
}

const Test* Parser::parse_test_and() {
    const Nesting nesting(*this);
    const Test* left = parse_test_term();
    if (failed_ || peek_kind() != TokenKind::AndAnd) {
        return left;
    }
    take();
    Test both;
    both.kind = TestKind::And;
    both.first = left;
    both.second = parse_test_and();
    return arena_.make<Test>(both);
}

const Test* Parser::parse_test_term() {
    const Nesting nesting(*this);
    skip_test_newlines();
    Test test;
    const Token first = token();
    const std::string_view text = plain_text(first);
    if (failed_) {
        return nullptr;
    }
    if (first.kind == TokenKind::OpenParen) {
        take();
        test.kind = TestKind::Parentheses;
        test.first = parse_test_or();
        expect(TokenKind::CloseParen);
        skip_test_newlines();
        return arena_.make<Test>(test);
    }
    if (first.kind == TokenKind::Bang || text == "!") {
        take();
        test.kind = TestKind::Not;
        test.first = parse_test_term();
        return arena_.make<Test>(test);
    }
    if (first.kind != TokenKind::Word) {
        fail_unexpected(first);
        return nullptr;
    }
    take();
    if (is_unary(text)) {
        if (peek_kind() != TokenKind::Word) {
            fail(token().span.begin, "expected the argument of " + std::string(text));
            return nullptr;
        }
        test.kind = TestKind::Unary;
        test.op = text;
        test.left = take().word;
        skip_test_newlines();
        return arena_.make<Test>(test);
    }
    return parse_test_binary(first.word);
}

const Test* Parser::parse_test_binary(const Word& left) {
    Test test;
    test.left = left;
    const Token next = token();
    const std::string_view text = plain_text(next);
    if (next.kind == TokenKind::CloseTest || next.kind == TokenKind::AndAnd ||
        next.kind == TokenKind::OrOr || next.kind == TokenKind::CloseParen) {
        return arena_.make<Test>(test);
    }
    const bool order = next.kind == TokenKind::Less || next.kind == TokenKind::Greater;
    if (!order && !is_binary(text)) {
        if (!failed_) {
            fail(next.span.begin, "expected an operator such as == or -eq");
        }
        return nullptr;
    }
    test.kind = TestKind::Binary;
    test.op = order ? token_name(next.kind) : text;
    take();
    here_.regular_expression = test.op == "=~";
    const bool outer = extended_pattern_;
    extended_pattern_ = test.op == "=" || test.op == "==" || test.op == "!=";
    const TokenKind right = peek_kind();
    extended_pattern_ = outer;
    here_.regular_expression = false;
    if (right != TokenKind::Word) {
        fail(token().span.begin, "expected the right side of " + std::string(test.op));
        return nullptr;
    }
    test.right = take().word;
    skip_test_newlines();
    return arena_.make<Test>(test);
}

}  // namespace countersign::shell
