// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encrypts a text with the kernel's AES-GCM through an AF_ALG socket and prints the result: the
 * entry point of CVE-2026-31431.
 */
#include <linux/if_alg.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY_SIZE	16
#define IV_SIZE		12
#define TAG_SIZE	16
#define MAX_TEXT	1024

static void fail(const char *call)
{
	perror(call);
	exit(1);
}

static struct cmsghdr *put_option(struct msghdr *msg, struct cmsghdr *header, int type,
				  const void *value, size_t size)
{
	header->cmsg_level = SOL_ALG;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(header), value, size);
	return CMSG_NXTHDR(msg, header);
}

int main(int argc, char **argv)
{
	static const unsigned char key[KEY_SIZE] = "sixteen bytes ok";
	const struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "aead",
		.salg_name = "gcm(aes)",
	};
	const char *text = argc > 1 ? argv[1] : "attack at dawn";
	const __u32 encrypt = ALG_OP_ENCRYPT, assoclen = 0;
	struct {
		struct af_alg_iv head;
		unsigned char bytes[IV_SIZE];
	} iv = { .head.ivlen = IV_SIZE };
	union {
		char space[CMSG_SPACE(sizeof(encrypt)) + CMSG_SPACE(sizeof(iv)) +
			   CMSG_SPACE(sizeof(assoclen))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = (void *)text, .iov_len = strnlen(text, MAX_TEXT) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	unsigned char out[MAX_TEXT + TAG_SIZE];
	struct cmsghdr *header;
	int algorithm, operation;
	ssize_t len;

	algorithm = socket(AF_ALG, SOCK_SEQPACKET, 0);
	if (algorithm < 0)
		fail("socket");
	if (bind(algorithm, (const struct sockaddr *)&address, sizeof(address)))
		fail("bind");
	if (setsockopt(algorithm, SOL_ALG, ALG_SET_KEY, key, sizeof(key)) ||
	    setsockopt(algorithm, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, TAG_SIZE))
		fail("setsockopt");
	operation = accept(algorithm, NULL, NULL);
	if (operation < 0)
		fail("accept");

	header = put_option(&msg, CMSG_FIRSTHDR(&msg), ALG_SET_OP, &encrypt, sizeof(encrypt));
	header = put_option(&msg, header, ALG_SET_IV, &iv, sizeof(iv));
	put_option(&msg, header, ALG_SET_AEAD_ASSOCLEN, &assoclen, sizeof(assoclen));
	if (sendmsg(operation, &msg, 0) < 0)
		fail("sendmsg");
	/* Reading more than is available would wait for more input. */
	len = read(operation, out, iov.iov_len + TAG_SIZE);
	if (len < 0)
		fail("read");

	printf("\"%s\" -> ", text);
	for (ssize_t i = 0; i < len; i++)
		printf("%02x", out[i]);
	printf("\n");
	return 0;
}
