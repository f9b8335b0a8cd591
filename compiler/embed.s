# The files that `weir` carries; see embed.h. The Makefile names the folder that they are in.
    .section .rodata
    .globl embed_abi_h, embed_abi_h_end, embed_edge_a, embed_edge_a_end, embed_stdconf, embed_stdconf_end
    .globl embed_explanations, embed_explanations_end
    .balign 16
embed_abi_h:
    .incbin "abi.h"
embed_abi_h_end:
    .byte 0
    .balign 16
embed_edge_a:
    .incbin "libweir-edge.a"
embed_edge_a_end:
    .byte 0
    .balign 16
embed_stdconf:
    .incbin "stdconf.weir"
embed_stdconf_end:
embed_explanations:
    .incbin "explanations.txt"
embed_explanations_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
