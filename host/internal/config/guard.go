package config

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Bounds of one file. The parser of HCL recurses without a bound of its own: half a megabyte of "(", "!", "[*]" or "a {" overflows
// the stack, which no Go program survives, and a chain of 500,000 "+" does so when it is evaluated. Long heredocs cost it the square of
// their lines, and a number like 1e600000000 takes a gigabyte to print.
const (
	MaxSize         = 1 << 20
	maxDepth        = 200    // brackets, quotes, heredocs and template directives inside one another
	maxChain        = 1000   // operators, indexes and attributes of one expression and of those around it
	maxHeredocLines = 10_000 // of one heredoc
	maxDigits       = 100    // of a number
)

// guard refuses a file that would hurt the parser. It reads the tokens by which the parser goes (the scanner of HCL keeps its own
// stack on the heap, in linear time), so that the two cannot disagree about where a string or a comment ends. Where closing
// brackets do not match the opening ones, it errs towards deeper.
func guard(src []byte, filename string) hcl.Diagnostics {
	if len(src) > MaxSize {
		return refuse(startOf(filename), "File too large", fmt.Sprintf("A file may have %d bytes; this one has more. Split it into "+
			"several files in one folder.", MaxSize))
	}
	// Its diagnostics come again, and better, from the parser.
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos)
	var n nesting
	for i, token := range tokens {
		if summary, detail := n.next(token, following(tokens, i)); summary != "" {
			return refuse(token.Range, summary, detail)
		}
	}
	return nil
}

func refuse(r hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &r}}
}

func startOf(filename string) hcl.Range {
	return hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos}
}

// following is the token after the i-th that is not a newline.
func following(tokens hclsyntax.Tokens, i int) hclsyntax.Token {
	for _, token := range tokens[i+1:] {
		if token.Type != hclsyntax.TokenNewline {
			return token
		}
	}
	return hclsyntax.Token{Type: hclsyntax.TokenEOF}
}

// level is one bracket, quote, heredoc or template directive that is open.
type level struct {
	closer hclsyntax.TokenType // TokenNil: a directive, closed by its end
	chain  int                 // operators since the last separator
	lines  bool                // a newline separates
	count  int                 // of a heredoc: lines
}

// nesting follows how deep the parser would be.
type nesting struct {
	levels []level
	top    level // outside of everything
	chain  int   // sum over all levels
}

func (n *nesting) current() *level {
	if len(n.levels) == 0 {
		n.top.lines = true
		return &n.top
	}
	return &n.levels[len(n.levels)-1]
}

// next accounts for a token. The summary is empty as long as the file is harmless.
func (n *nesting) next(token, following hclsyntax.Token) (summary, detail string) {
	l := n.current()
	switch token.Type {
	case hclsyntax.TokenOBrace:
		// Newlines mean nothing in { for ... }.
		n.open(level{closer: hclsyntax.TokenCBrace, lines: !bytes.Equal(following.Bytes, []byte("for"))})
	case hclsyntax.TokenOBrack:
		n.open(level{closer: hclsyntax.TokenCBrack})
	case hclsyntax.TokenOParen:
		n.open(level{closer: hclsyntax.TokenCParen})
	case hclsyntax.TokenOQuote:
		n.open(level{closer: hclsyntax.TokenCQuote})
	case hclsyntax.TokenOHeredoc:
		n.open(level{closer: hclsyntax.TokenCHeredoc})
	case hclsyntax.TokenTemplateInterp:
		n.open(level{closer: hclsyntax.TokenTemplateSeqEnd})
	case hclsyntax.TokenTemplateControl:
		switch string(following.Bytes) {
		case "if", "for":
			n.open(level{}) // until endif, endfor
		case "endif", "endfor":
			n.close(hclsyntax.TokenNil)
		}
		n.open(level{closer: hclsyntax.TokenTemplateSeqEnd})
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
		hclsyntax.TokenTemplateSeqEnd:
		n.close(token.Type)
	case hclsyntax.TokenComma:
		n.separate()
	case hclsyntax.TokenNewline, hclsyntax.TokenComment:
		// A comment to the end of the line has the newline in it.
		if l.lines && bytes.HasSuffix(token.Bytes, []byte("\n")) {
			n.separate()
		}
	case hclsyntax.TokenStringLit, hclsyntax.TokenQuotedLit:
		if l.count++; l.closer == hclsyntax.TokenCHeredoc && l.count > maxHeredocLines {
			return "Heredoc too long", fmt.Sprintf("A heredoc may have %d lines.", maxHeredocLines)
		}
	case hclsyntax.TokenNumberLit:
		_, exponent, _ := bytes.Cut(bytes.ToLower(token.Bytes), []byte("e"))
		if len(token.Bytes) > maxDigits || len(bytes.TrimLeft(exponent, "+-0")) > 3 {
			return "Number too long", fmt.Sprintf("A number may have %d digits, and an exponent of three.", maxDigits)
		}
	}
	if chains(token.Type) {
		l = n.current()
		l.chain++
		n.chain++
	}
	switch {
	case len(n.levels) > maxDepth:
		return "Nested too deeply", fmt.Sprintf("Brackets, blocks, strings and template directives may be nested %d deep.", maxDepth)
	case n.chain > maxChain:
		return "Expression too long", fmt.Sprintf("An expression may have %d operators, indexes and attributes, with those of "+
			"the expressions around it.", maxChain)
	}
	return "", ""
}

// chains reports whether the parser, or the evaluation of what it returns, goes one deeper at such a token although nothing opens.
func chains(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan,
		hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenQuestion:
		return true
	case hclsyntax.TokenDot, hclsyntax.TokenCBrack: // a.b.c, a.*.*, a[0][1], a[*][*]
		return true
	}
	return false
}

func (n *nesting) open(l level) { n.levels = append(n.levels, l) }

// close leaves the innermost level if that is what the token closes. The end of a string or a template sequence is sure (the scanner
// knows which of them are open) and leaves whatever was not closed inside.
func (n *nesting) close(t hclsyntax.TokenType) {
	sure := t == hclsyntax.TokenCQuote || t == hclsyntax.TokenCHeredoc || t == hclsyntax.TokenTemplateSeqEnd
	for i := len(n.levels) - 1; i >= 0 && (sure || i == len(n.levels)-1); i-- {
		if n.levels[i].closer != t {
			continue
		}
		for len(n.levels) > i {
			n.separate()
			n.levels = n.levels[:len(n.levels)-1]
		}
		return
	}
}

// separate begins a new expression on the same level.
func (n *nesting) separate() {
	l := n.current()
	n.chain -= l.chain
	l.chain = 0
}
