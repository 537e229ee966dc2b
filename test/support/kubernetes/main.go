// Reads Kubernetes manifests as its own server does: into the types of its API, where no field may be unknown or twice.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	documents "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

func main() {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(known); err != nil {
			panic(err)
		}
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "name the manifests")
		os.Exit(2)
	}
	failed := false
	for _, path := range os.Args[1:] {
		names, err := read(known, path)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s, after %v: %v\n", path, names, err)
			failed = true
			continue
		}
		fmt.Println(path, names)
	}
	if failed {
		os.Exit(1)
	}
}

func read(known *runtime.Scheme, path string) (names []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := documents.NewYAMLReader(bufio.NewReader(file))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		name, err := decode(known, document)
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
}

func decode(known *runtime.Scheme, document []byte) (string, error) {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return "", err
	}
	var kind metav1.TypeMeta
	if err := json.UnmarshalCaseSensitivePreserveInts(text, &kind); err != nil {
		return "", err
	}
	object, err := known.New(kind.GroupVersionKind())
	if err != nil {
		return "", err
	}
	wrong, err := json.UnmarshalStrict(text, object)
	return kind.Kind, errors.Join(append(wrong, err)...)
}
