{{- /* Written with what the template language of Go has itself: the tests render it with that engine. */ -}}
{{- define "till.labels" }}
    app.kubernetes.io/name: tillwright
    app.kubernetes.io/instance: {{ .Release.Name | printf "%q" }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | printf "%q" }}
    app.kubernetes.io/managed-by: {{ .Release.Service | printf "%q" }}
{{- end }}

{{- define "till.podSecurity" }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
        # ping works without privileges then (https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/, "safe sysctls").
        sysctls:
          - {name: net.ipv4.ping_group_range, value: "0 2147483647"}
{{- if .Values.nodeSelector }}
      nodeSelector:
{{- range $key, $value := .Values.nodeSelector }}
        {{ printf "%q: %q" $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.containerSecurity" }}
          image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | printf "%q" }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
{{- end }}

{{- define "till.clone" }}
{{- if not .Values.repository.existingClaim }}
      initContainers:
        - name: clone
{{- template "till.containerSecurity" . }}
          # Where the node was booted again it runs once more in the same pod, with what the folder has: a clone, or the part of one.
          command:
            - sh
            - -ec
            - |
              cd "$2"
              find . -path './.git/*' -name '*.lock' -delete
              if git --git-dir=.git rev-parse --quiet --verify 'HEAD^{commit}' > /dev/null; then
                if ! git fetch --quiet origin "$0"; then
                  echo "The repository cannot be fetched; what was cloned before is gone on with." >&2
                  git reset --quiet --hard && exit 0
                elif git reset --quiet --hard FETCH_HEAD; then exit 0
                fi
              fi
              find . -mindepth 1 -delete
              exec git clone --quiet --branch "$0" -- "$1" .
            - {{ .Values.repository.branch | printf "%q" }}
            - {{ .Values.repository.url | printf "%q" }}
            - /repository
{{- if .Values.repository.sshSecret }}
          env:
            - name: GIT_SSH_COMMAND
              value: ssh -i /etc/till/clone/id -o IdentitiesOnly=yes -o UserKnownHostsFile=/etc/till/clone/known_hosts -o StrictHostKeyChecking=yes
{{- end }}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 512Mi}
          volumeMounts:
            - {name: repository, mountPath: /repository}
            - {name: temporary, mountPath: /tmp}
{{- if .Values.repository.sshSecret }}
            - {name: clone, mountPath: /etc/till/clone, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.environment" }}
            - name: TILL_STATE
              valueFrom:
                secretKeyRef:
                  name: {{ .Values.state.secret.name | printf "%q" }}
                  key: {{ .Values.state.secret.key | printf "%q" }}
{{- end }}

{{- define "till.environmentFrom" }}
{{- if .Values.environmentSecrets }}
          envFrom:
{{- range .Values.environmentSecrets }}
            - secretRef: {name: {{ . | printf "%q" }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.mounts" }}
            - {name: repository, mountPath: /repository}
            - {name: temporary, mountPath: /tmp}
{{- if .Values.state.caSecret }}
            - {name: state-ca, mountPath: /etc/till/state, readOnly: true}
{{- end }}
{{- if .Values.keysSecret }}
            - {name: keys, mountPath: /home/till/.ssh, readOnly: true}
{{- end }}
{{- end }}

{{- define "till.volumes" }}
        - name: temporary
          emptyDir: {}
        - name: repository
{{- if .Values.repository.existingClaim }}
          persistentVolumeClaim: {claimName: {{ .Values.repository.existingClaim | printf "%q" }}}
{{- else }}
          emptyDir: {}
{{- if .Values.repository.sshSecret }}
        - name: clone
          secret: {secretName: {{ .Values.repository.sshSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- if .Values.state.caSecret }}
        - name: state-ca
          secret: {secretName: {{ .Values.state.caSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- if .Values.keysSecret }}
        - name: keys
          secret: {secretName: {{ .Values.keysSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "till.resources" }}
          resources:
            requests:
{{- range $what, $amount := .requests }}
              {{ $what }}: {{ $amount }}
{{- end }}
            limits:
{{- range $what, $amount := .limits }}
              {{ $what }}: {{ $amount }}
{{- end }}
{{- end }}
