# What the pages of the book need once mdBook has made them.

# The book has its own copies of the pictures.
s#\.\./\.\./figures/#figures/#g

# Browsers draw no space around the name of a function in MathML: `2 log x` would read `2logx`. KaTeX puts the invisible
# character U+2061 after such a name.
s#<mo>⁡</mo>(<mo[^>]*>\()#\1#g
s#<mo>⁡</mo>#<mspace width="0.17em"/>#g
s#(</m(i|n|frac|row|su[bp]|subsup)>)(<mi>[a-z]{2,}</mi>)#\1<mspace width="0.17em"/>\3#g
