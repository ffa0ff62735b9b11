// Structural equality of trees; spans and the way of writing do not count, except where print()
// keeps it.
#include <algorithm>

#include "shell/shell.h"
#include "shell/tree.h"

namespace countersign::shell {

namespace {

bool same(const Script* a, const Script* b);
bool same(const Word& a, const Word& b);
bool same(const Part& a, const Part& b);
bool same(const Element& a, const Element& b);
bool same(const Stage& a, const Stage& b);
bool same(const Link& a, const Link& b);
bool same(const Statement& a, const Statement& b);
bool same(const IfClause& a, const IfClause& b);
bool same(const CaseClause& a, const CaseClause& b);
bool same(const Redirect& a, const Redirect& b);
bool same(const Command* a, const Command* b);

template <class T>
bool all_same(std::span<const T> a, std::span<const T> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const T& x, const T& y) { return same(x, y); });
}

bool same(const Word* a, const Word* b) {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || same(*a, *b));
}

bool same(const Parameter* a, const Parameter* b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    return a->name == b->name && a->braces == b->braces && a->length == b->length &&
           a->indirect == b->indirect && a->colon == b->colon && a->op == b->op &&
           a->has_second == b->has_second && same(a->subscript, b->subscript) &&
           same(a->first, b->first) && same(a->second, b->second);
}

bool same(const Part& a, const Part& b) {
    if (a.kind != b.kind || a.text != b.text || !all_same(a.parts, b.parts) ||
        !same(a.parameter, b.parameter)) {
        return false;
    }
    return a.kind == PartKind::Backquoted || same(a.script, b.script);
}

bool same(const Element& a, const Element& b) {
    return a.append == b.append && same(a.subscript, b.subscript) && same(a.value, b.value);
}

bool same(const AssignmentForm* a, const AssignmentForm* b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    return a->name == b->name && a->append == b->append && a->compound == b->compound &&
           same(a->subscript, b->subscript) && all_same(a->elements, b->elements);
}

bool same(const Word& a, const Word& b) {
    return all_same(a.parts, b.parts) && same(a.assignment, b.assignment);
}

bool same(const Redirect& a, const Redirect& b) {
    if (a.kind != b.kind || a.descriptor != b.descriptor || a.variable != b.variable) {
        return false;
    }
    if (a.here != nullptr && b.here != nullptr) {
        return a.here->quoted == b.here->quoted && same(a.here->body, b.here->body);
    }
    return a.here == b.here && same(a.target, b.target);
}

bool same(const Stage& a, const Stage& b) {
    return a.pipe_errors == b.pipe_errors && same(a.command, b.command);
}

bool same(const Link& a, const Link& b) {
    return a.connector == b.connector &&
           std::ranges::equal(a.pipeline.prefixes, b.pipeline.prefixes) &&
           all_same(a.pipeline.stages, b.pipeline.stages);
}

bool same(const Statement& a, const Statement& b) {
    return a.background == b.background && all_same(a.links, b.links);
}

bool same(const Script* a, const Script* b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    return all_same(a->statements, b->statements);
}

bool same(const IfClause& a, const IfClause& b) {
    return same(a.condition, b.condition) && same(a.body, b.body);
}

bool same(const CaseClause& a, const CaseClause& b) {
    return a.end == b.end && all_same(a.patterns, b.patterns) && same(a.body, b.body);
}

bool same(const Test* a, const Test* b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    return a->kind == b->kind && a->op == b->op && same(a->left, b->left) &&
           same(a->right, b->right) && same(a->first, b->first) && same(a->second, b->second);
}

bool same(const Simple& a, const Simple& b) {
    return all_same(a.assignments, b.assignments) && all_same(a.words, b.words);
}
bool same(const Subshell& a, const Subshell& b) {
    return same(a.body, b.body);
}
bool same(const BraceGroup& a, const BraceGroup& b) {
    return same(a.body, b.body);
}
bool same(const If& a, const If& b) {
    return all_same(a.clauses, b.clauses) && same(a.otherwise, b.otherwise);
}
bool same(const While& a, const While& b) {
    return a.until == b.until && same(a.condition, b.condition) && same(a.body, b.body);
}
bool same(const For& a, const For& b) {
    return a.select == b.select && a.has_in == b.has_in && same(a.variable, b.variable) &&
           all_same(a.items, b.items) && same(a.body, b.body);
}
bool same(const ArithmeticFor& a, const ArithmeticFor& b) {
    return same(a.initial, b.initial) && same(a.condition, b.condition) && same(a.step, b.step) &&
           same(a.body, b.body);
}
bool same(const Case& a, const Case& b) {
    return same(a.subject, b.subject) && all_same(a.clauses, b.clauses);
}
bool same(const ArithmeticCommand& a, const ArithmeticCommand& b) {
    return same(a.expression, b.expression);
}
bool same(const ConditionalCommand& a, const ConditionalCommand& b) {
    return same(a.test, b.test);
}
bool same(const FunctionDefinition& a, const FunctionDefinition& b) {
    return a.keyword == b.keyword && same(a.name, b.name) && same(a.body, b.body);
}
bool same(const Coprocess& a, const Coprocess& b) {
    const bool names =
        a.name.has_value() == b.name.has_value() && (!a.name || same(*a.name, *b.name));
    return names && same(a.body, b.body);
}

bool same(const Command* a, const Command* b) {
    if (a == nullptr || b == nullptr) {
        return a == b;
    }
    if (a->form.index() != b->form.index() || !all_same(a->redirects, b->redirects)) {
        return false;
    }
    return std::visit(
        [&](const auto* form) {
            return same(*form, *std::get<std::remove_cvref_t<decltype(form)>>(b->form));
        },
        a->form);
}

}  // namespace

bool trees_equal(const SyntaxTree& a, const SyntaxTree& b) {
    return same(a.root, b.root);
}

}  // namespace countersign::shell
