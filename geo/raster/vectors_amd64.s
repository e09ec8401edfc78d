//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// The coordinates in a vertex.
DATA axes<>+0(SB)/4, $(const_axisMask<<16 | const_axisMask)
GLOBL axes<>(SB), RODATA|NOPTR, $4

// near, of either axis.
DATA nears<>+0(SB)/4, $(const_near<<16 | const_near)
GLOBL nears<>(SB), RODATA|NOPTR, $4

// What makes y, -x of y, x.
DATA signs<>+0(SB)/4, $0xffff0001
GLOBL signs<>(SB), RODATA|NOPTR, $4

// What makes y, x of x, y.
DATA swap<>+0(SB)/8, $0x0504070601000302
DATA swap<>+8(SB)/8, $0x0d0c0f0e09080b0a
DATA swap<>+16(SB)/8, $0x0504070601000302
DATA swap<>+24(SB)/8, $0x0d0c0f0e09080b0a
GLOBL swap<>(SB), RODATA|NOPTR, $32

DATA numbers<>+0(SB)/8, $0x0000000100000000
DATA numbers<>+8(SB)/8, $0x0000000300000002
DATA numbers<>+16(SB)/8, $0x0000000500000004
DATA numbers<>+24(SB)/8, $0x0000000700000006
DATA numbers<>+32(SB)/8, $0x0000000900000008
DATA numbers<>+40(SB)/8, $0x0000000b0000000a
DATA numbers<>+48(SB)/8, $0x0000000d0000000c
DATA numbers<>+56(SB)/8, $0x0000000f0000000e
GLOBL numbers<>(SB), RODATA|NOPTR, $64

// EIGHT counts the edges that end in eight of a block's vertices, which begin at the offset
// from SI; numbers are those that they have among the vertices to come, of which Y1 are
// left. Y8 gathers the bits of vertices whose edge is crossed, and the signs of Y9 are
// set where an edge is near to the position, Y0.
//
// As in count, a is the way from the vertex before to the position and b that from the
// vertex. Each is two words in one lane, so that a multiplication of words gives turn =
// ax by - ay bx in whole, and another one near (|ax - bx| + |ay - by|). The edge is near by
// the sign of vertex &^ (|turn| > that), and crossed by that of (ay ^ by) &^ (turn ^ ay).
#define EIGHT(offset, numbers) \
	VPCMPGTD numbers, Y1, Y2        \
	VPAND    (offset+4)(SI), Y2, Y2 \
	VPAND    Y2, Y11, Y3            \
	VPAND    offset(SI), Y11, Y4    \
	VPSUBW   Y3, Y0, Y3             \
	VPSUBW   Y4, Y0, Y4             \
	VPSHUFB  Y12, Y3, Y5            \
	VPSIGNW  Y13, Y5, Y5            \
	VPMADDWD Y5, Y4, Y5             \
	VPSUBW   Y3, Y4, Y6             \
	VPABSW   Y6, Y6                 \
	VPMADDWD Y14, Y6, Y6            \
	VPABSD   Y5, Y7                 \
	VPCMPGTD Y6, Y7, Y7             \
	VPANDN   Y2, Y7, Y7             \
	VPOR     Y7, Y9, Y9             \
	VPXOR    Y4, Y5, Y5             \
	VPXOR    Y3, Y4, Y4             \
	VPANDN   Y4, Y5, Y5             \
	VPSRAD   $31, Y5, Y5            \
	VPAND    Y2, Y5, Y5             \
	VPXOR    Y5, Y8, Y8

// COUNT counts the edges of the block at SI, whose head is in CX, for the position in AX. It
// leaves what is crossed in AX and what is near in DX. SI may go on.
#define COUNT \
	VMOVD        AX, X0                  \
	VPBROADCASTD X0, Y0                  \
	VPBROADCASTD (SI), Y1                \
	VPSRLD       $const_verticesShift, Y1, Y1 \
	MOVL         CX, DX                  \
	SHRL         $const_verticesShift, DX \
	VPBROADCASTD axes<>(SB), Y11         \
	VMOVDQU      swap<>(SB), Y12         \
	VPBROADCASTD signs<>(SB), Y13        \
	VPBROADCASTD nears<>(SB), Y14        \
	VMOVDQU      numbers<>+0(SB), Y10    \
	VMOVDQU      numbers<>+32(SB), Y15   \
	VPXOR        Y8, Y8, Y8              \
	VPXOR        Y9, Y9, Y9              \
	JMP          sixteen                 \
	PCALIGN      $16                     \
more:                                        \
	MOVL         $const_atOnce, AX       \
	VMOVD        AX, X3                  \
	VPBROADCASTD X3, Y3                  \
	VPSUBD       Y3, Y1, Y1              \
	ADDQ         $(4*const_atOnce), SI   \
sixteen:                                     \
	EIGHT(0, Y10)                        \
	EIGHT(32, Y15)                       \
	SUBL         $const_atOnce, DX       \
	JGT          more                    \
	VEXTRACTI128 $1, Y8, X3              \
	VPXOR        X3, X8, X8              \
	VPSHUFD      $0x4e, X8, X3           \
	VPXOR        X3, X8, X8              \
	VPSHUFD      $0xb1, X8, X3           \
	VPXOR        X3, X8, X8              \
	VMOVD        X8, AX                  \
	VMOVMSKPS    Y9, DX                  \
	VZEROUPPER

// func countByVectors(b *uint32, at spot) (odd uint32, close bool)
TEXT ·countByVectors(SB), NOSPLIT, $0-21
	MOVQ  b+0(FP), SI
	MOVL  (SI), CX
	MOVL  at+8(FP), AX
	COUNT
	MOVL  AX, odd+16(FP)
	TESTL DX, DX
	SETNE close+20(FP)
	RET

// func findByVectors(r *Raster, p *orb.Point) int32
TEXT ·findByVectors(SB), NOSPLIT, $0-20
	// The position in finest squares: x in AX, y in BX.
	MOVQ        r+0(FP), DI
	MOVQ        p+8(FP), SI
	VMOVSD      (SI), X0
	VMOVHPD     8(SI), X0, X0
	VSUBPD      (Raster_frame+frame_origin)(DI), X0, X0
	VMOVDDUP    (Raster_frame+frame_finest)(DI), X1
	VMULPD      X1, X0, X0
	VXORPD      X2, X2, X2
	VCMPPD      $2, X0, X2, X3
	VCMPPD      $1, (Raster_frame+frame_extent)(DI), X0, X4
	VANDPD      X3, X4, X3
	VMOVMSKPD   X3, AX
	CMPL        AX, $3
	JNE         none
	VCVTTSD2SIQ X0, AX
	VUNPCKHPD   X0, X0, X1
	VCVTTSD2SIQ X1, BX

	// The entry in R8, of the root's squares; the place of the divided square in R10, and
	// the bits that are left in R11.
	MOVQ  AX, CX
	SHRQ  $const_fraction, CX
	MOVQ  BX, DX
	SHRQ  $const_fraction, DX
	IMULQ (Raster_frame+frame_columns)(DI), DX
	ADDQ  CX, DX
	MOVQ  Raster_root(DI), R8
	MOVL  (R8)(DX*4), R8
	MOVQ  Raster_arena(DI), R9
	XORL  R10, R10
	MOVL  $const_fraction, R11

	// The entry of a part in its place, if it is of a divided square: of another, the sign
	// of whose entry is not set, neither place nor bits are added, and it stays.
descend:
	MOVL    R8, R12
	SARL    $31, R12
	MOVL    R8, CX
	SHRL    $const_stepsShift, CX
	ANDL    R12, CX
	ANDL    $const_stepsMask, CX
	ANDL    R8, R12
	ANDL    $const_dividedPlace, R12
	ADDL    R12, R10
	SUBL    CX, R11
	SHRXQ   R11, AX, R12
	BZHIQ   CX, R12, R12
	SHRXQ   R11, BX, R13
	BZHIQ   CX, R13, R13
	SHLXQ   CX, R13, R13
	ADDL    R13, R12
	ADDL    R10, R12
	MOVL    (R9)(R12*4), R12
	TESTL   R8, R8
	CMOVLMI R12, R8
	TESTL   R8, R8
	JMI     descend

	// The block in SI, and where in its square the position lies in AX.
	MOVL    R8, R12
	ANDL    $const_blockPlace, R12
	ADDL    R10, R12
	XORL    R13, R13
	BTL     $30, R8
	CMOVLCC R13, R12
	LEAQ    (R9)(R12*4), SI
	BZHIQ   R11, AX, AX
	IMUL3Q  $(const_unitsWide<<const_fineBits), AX, AX
	SHRXQ   R11, AX, AX
	BZHIQ   R11, BX, BX
	IMUL3Q  $(const_unitsWide<<const_fineBits), BX, BX
	SHRXQ   R11, BX, BX
	SHLL    $16, BX
	ADDL    BX, AX
	ADDL    $const_southWest, AX
	MOVQ    SI, DI
	MOVL    (SI), CX
	TESTL   CX, CX
	JMI     untold
	COUNT
	TESTL   DX, DX
	JNE     untold

	// The one side that is left, as gathered has them.
	XORL    CX, AX
	MOVL    AX, DX
	SHRL    $12, DX
	ANDL    $0x78, DX
	ANDL    $7, AX
	ORL     DX, AX
	BLSRL   AX, DX
	JCS     none
	JNE     untold
	BSFL    AX, AX
	SHRL    $const_verticesShift, CX
	ADDL    CX, AX
	MOVL    4(DI)(AX*4), AX
	BTL     $30, R8
	LEAL    -1(R8), DX
	CMOVLCC DX, AX
	MOVL    AX, ret+16(FP)
	RET

none:
	MOVL $const_None, ret+16(FP)
	RET

untold:
	MOVL $const_untold, ret+16(FP)
	RET
