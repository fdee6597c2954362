/*
 * light.c - connects, subscribes, sets.  ./light [URL]
 *	cc light.c $(pkg-config --cflags --libs clasp) -o light
 */
#include <clasp.h>
#include <stdio.h>

static void
on_light(struct clasp_client *c, const struct clasp_delivery *d, void *user)
{
	(void)user;
	if (d->msg->type == CLASP_SET)
		printf("%.*s is %g\n", CLASP_STR_ARG(d->msg->set.address),
		    d->msg->set.value.number);
	if (!d->snapshot)
		clasp_client_close(c);
}

int
main(int argc, char **argv)
{
	struct clasp_client_config config;
	struct clasp_client *c;
	int e;

	clasp_client_config_init(&config);
	config.url = argc > 1 ? argv[1] : NULL;	/* NULL: the usual one */
	e = clasp_client_new(NULL, &config, NULL, NULL, &c);
	if (e == 0) {
		clasp_client_subscribe(c, CLASP_STR("/lights/" "*"),
		    CLASP_TYPES_ALL, on_light, NULL);
		clasp_client_set(c, CLASP_STR("/lights/front"),
		    clasp_float(0.5), NULL, NULL);
		e = clasp_client_run(c);	/* until it is closed */
		clasp_client_free(c);
	}
	if (e < 0)
		fprintf(stderr, "light: %s\n", clasp_strerror(e));
	return e < 0;
}
